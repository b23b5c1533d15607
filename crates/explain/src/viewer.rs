//! A picture over which its maps can be laid, one at a time, by mouse or keyboard. Without scripts it is the picture alone.

use crate::{
    drawn::{DrawnMap, DrawnPicture},
    overlay::Layer,
    packed::{PackError, jpeg_address},
};
use maud::{Markup, html};

/// What [`figure`] looks like. Controls are 44 pixels high, for fingers; what has the keyboard's focus has a frame.
pub const STYLE: &str = "
[hidden] { display: none !important; }
.viewer { width: 26rem; flex: 0 1 26rem; } .maps { display: flex; flex-wrap: wrap; gap: 1rem; flex: 1 1 17rem; align-content: flex-start; }
.stage { position: relative; } .layer { position: absolute; }
.controls { border: 1px solid #767676; border-radius: .3rem; margin: .5rem 0 0; padding: .3rem .6rem .6rem; min-width: 0; }
.controls legend { font-size: .9rem; padding: 0 .3rem; } .buttons { display: flex; flex-wrap: wrap; gap: .4rem; }
.controls button { font: inherit; font-size: .9rem; min-height: 2.75rem; padding: .2rem .7rem; text-align: left; overflow-wrap: anywhere;
  color: #222; background: #fff; border: 1px solid #767676; border-radius: .3rem; cursor: pointer; }
.controls button:hover { background: #eee; } .controls button[aria-pressed=true] { color: #fff; background: #0060a0; border-color: #0060a0; }
.controls label { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem .6rem; margin-top: .5rem; font-size: .9rem; }
.controls input { flex: 1; min-width: 8rem; height: 2.75rem; margin: 0; accent-color: #0060a0; } .controls output { min-width: 3.5rem; }
.controls button:focus-visible, .controls input:focus-visible { outline: 3px solid #0060a0; outline-offset: 2px; }
@media print { .maps { display: contents; } .viewer { width: 5.2cm; flex: none; } .controls, .layer { display: none; } }
";

/// Makes the controls of every [`figure`] work.
pub const SCRIPT: &str = "
for (const viewer of document.querySelectorAll('.viewer')) {
  const layers = [...viewer.querySelectorAll('.layer')];
  const buttons = [...viewer.querySelectorAll('button')];
  const slider = viewer.querySelector('input');
  const said = viewer.querySelector('output');
  let last = 0;
  const isOn = (index) => !layers[index].hidden;
  const toggle = (index) => {
    const on = !isOn(index);
    last = index;
    layers.forEach((layer, other) => { layer.hidden = !(on && other === index); });
    buttons.forEach((button, other) => button.setAttribute('aria-pressed', isOn(other)));
  };
  const fade = () => {
    layers.forEach((layer) => { layer.style.opacity = slider.value / 100; });
    said.value = slider.value + ' %';
  };
  buttons.forEach((button, index) => button.addEventListener('click', () => toggle(index)));
  viewer.querySelector('.stage').addEventListener('click', () => toggle(last));
  slider.addEventListener('input', fade);
  fade();
  viewer.querySelector('.controls').hidden = false;
}
";

/// The picture, which `whole` shows, with controls for its maps; `alpha` is how strongly they lie over it at first.
///
/// # Errors
/// A map that no JPEG can hold.
pub fn figure(shown: &DrawnPicture, whole: Markup, alpha: f64) -> Result<Markup, PackError> {
    let maps = shown.maps.iter();
    let layers = maps.filter_map(|map| Some((map, map.layer.as_ref()?)));
    let layers = layers.map(|(map, of_map)| Ok((map, layer(map, of_map)?)));
    let layers = layers.collect::<Result<Vec<_>, PackError>>()?;
    if layers.is_empty() {
        return Ok(html! { figure { (whole) figcaption { "Picture" } } });
    }
    let percent = (100.0 * alpha).round();
    Ok(html! {
        figure.viewer {
            div.stage { (whole) @for (_, layer) in &layers { (layer) } }
            figcaption { "Picture" }
            fieldset.controls hidden {
                legend { "Lay over the picture" }
                div.buttons {
                    @for (map, _) in &layers { button type="button" aria-pressed="false" { (map.title()) } }
                }
                label { "Opacity " input type="range" min="0" max="100" value=(percent); output { (percent) " %" } }
            }
        }
    })
}

/// A map alone where it belongs, hidden at first.
fn layer(map: &DrawnMap, layer: &Layer) -> Result<Markup, PackError> {
    let [left, top, width, height] = layer.place.map(|share| format!("{:.3}%", 100.0 * share));
    let style = format!("left:{left};top:{top};width:{width};height:{height}");
    let address = jpeg_address(&layer.pixels)?;
    Ok(html! { img.layer src=(address) alt=(map.alternative) style=(style) hidden; })
}
