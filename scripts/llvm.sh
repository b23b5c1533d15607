# LLVM 23.1 for burn's CUDA backend from PyPI (source it). Burn's bundler takes what lies under XDG_DATA_HOME as fetched.

# llvm_from_pypi FOLDER: brings the libraries into FOLDER once, and points the build at them.
llvm_from_pypi() {
    local folder bundle
    folder=$(mkdir -p "$1" && cd "$1" && pwd)
    bundle=$folder/share/tracel/tracel-llvm-23.1.0-4
    if [ ! -e "$bundle/.tracel-llvm-installed" ]; then
        python3 -m pip install --quiet --no-deps --upgrade --target "$folder/wheels" \
            mlc-llvm-static==23.1.1.post0 mlc-llvm-static-extra-targets==23.1.1.post0 || return 1
        mkdir -p "$(dirname "$bundle")"
        ln -sfn "$folder/wheels/mlc_llvm_static/static" "$bundle"
        touch "$bundle/.tracel-llvm-installed"
    fi
    export XDG_DATA_HOME=$folder/share MLC_LLVM_STATIC_PROFILE=all
}
