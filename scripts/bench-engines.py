"""The driver of bench-engines.sh, and with `worker ENGINE THREADS` one of the peers.

A worker loads its library once and then measures what it is asked for, line by line; only one of all measures at a time.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

ENGINES = os.environ.get("ENGINES", "").split()
BF16 = [engine for engine in ENGINES if engine.endswith("bf16")]
F32 = [engine for engine in ENGINES if engine not in BF16]


def main():
    rounds, ours = int(sys.argv[1]), sys.argv[2]
    words = lambda name: os.environ[name].split()
    print(headline())
    print("Median ms of a step; in brackets computing time of all threads together (shortest of the steps); ratios of")
    print("computing times to the best peer of the precision: median of the rounds and spread. Above 1 this program is faster.")
    for threads in words("THREADS"):
        workers = {engine: Worker(engine, threads) for engine in F32 + BF16}
        for architecture in words("ARCHITECTURES"):
            for size in words("SIZES"):
                for batch in words("BATCHES"):
                    case = (architecture, size, batch)
                    one_case(case, threads, rounds, ours, workers)
        for worker in workers.values():
            worker.end()


def one_case(case, threads, rounds, ours, workers):
    steps = max(4, 12 // int(case[2]))
    results = {}
    for _ in range(rounds):
        for precision in ("f32", "bf16"):
            results.setdefault(f"ours-{precision}", []).append(run_ours(ours, case, steps, precision, threads))
        for engine, worker in workers.items():
            results.setdefault(engine, []).append(worker.measure(case, steps))
    print("\n" + " ".join([case[0], case[1], "px, batch", case[2] + ",", threads, "threads"]))
    for engine, runs in results.items():
        if None in runs:
            print(f"  {engine:22} failed")
            continue
        print(f"  {engine:22} {statistics.median(r[0] for r in runs):8.1f} [{min(r[2] for r in runs):8.1f}]")
    for precision, peers in (("f32", F32), ("bf16", BF16)):
        peers = [peer for peer in peers if None not in results[peer]]
        if not peers:
            continue
        for i, what in ((0, "time"), (2, "computing time")):
            best = min(peers, key=lambda peer: statistics.median(r[i] for r in results[peer]))
            ratios = sorted(t[i] / o[i] for o, t in zip(results[f"ours-{precision}"], results[best]))
            print(f"  {precision} against {best}, {what}: {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    sys.stdout.flush()


def run_ours(program, case, steps, precision, threads):
    command = [program, *case, str(steps), precision]
    environment = {**os.environ, "RAYON_NUM_THREADS": threads}
    return [float(x) for x in subprocess.check_output(command, env=environment, text=True).split()]


class Worker:
    def __init__(self, engine, threads):
        self.engine = engine
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        environment = {**os.environ, **{name: threads for name in names}}
        command = [sys.executable, __file__, "worker", engine, threads]
        pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.process = subprocess.Popen(command, **pipes)

    def measure(self, case, steps):
        try:
            self.process.stdin.write(" ".join([*case, str(steps)]) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline().split()
        except BrokenPipeError:
            line = []
        return [float(x) for x in line] if len(line) == 3 else None

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def headline():
    from importlib.metadata import version

    with open("/proc/cpuinfo") as lines:
        lines = [line.split(":", 1) for line in lines if ":" in line]
    value = lambda key: next((v.strip() for k, v in lines if k.strip() == key), "unknown")
    flags = [flag for flag in value("flags").split() if flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16")]
    processor = f"{value('model name')} (family {value('cpu family')}, model {value('model')}; {' '.join(flags)})"
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "onnxruntime", "openvino"))
    commit = subprocess.check_output(["git", "describe", "--always", "--dirty"], text=True).strip()
    return f"{processor}; {versions}; commit {commit}"


def worker(engine, threads):
    warnings.filterwarnings("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes to stderr
    cache = (None, None)
    for line in sys.stdin:
        architecture, size, batch, steps = line.split()
        try:
            if cache[0] != (architecture, size, batch):
                cache = ((architecture, size, batch), predictor(engine, architecture, int(size), int(batch), threads))
            print(*measure(cache[1], int(steps)), file=answers, flush=True)
        except Exception as error:
            print(engine, error, file=sys.stderr)
            print("failed", file=answers, flush=True)


def measure(predict, steps):
    times, computed = [], []
    predict()
    for _ in range(steps):
        start, start_computed = time.perf_counter(), time.process_time()
        predict()
        times.append((time.perf_counter() - start) * 1e3)
        computed.append((time.process_time() - start_computed) * 1e3)
    return statistics.median(times), min(times), min(computed)


def predictor(engine, architecture, size, batch, threads):
    import torch
    import torchvision

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = getattr(torchvision.models, architecture)().eval()
    x = torch.randn(batch, 3, size, size)
    if engine.startswith("torch"):
        return torch_predictor(torch, engine, model, x)
    if engine == "onnxruntime":
        return onnxruntime_predictor(torch, model, x, threads)
    return openvino_predictor(engine, model, x, threads)


def torch_predictor(torch, engine, model, x):
    model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    if "compiled" in engine:
        torch._inductor.config.freezing = True
        model = torch.compile(model)
    bf16 = engine.endswith("bf16")

    def predict():
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            model(x)

    predict()
    return predict


def onnxruntime_predictor(torch, model, x, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "model.onnx")
        torch.onnx.export(model, (x,), file, input_names=["x"], dynamo=False)
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    x = x.numpy()
    return lambda: session.run(None, {"x": x})


def openvino_predictor(engine, model, x, threads):
    import openvino

    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "bf16" if engine.endswith("bf16") else "f32",
    }
    converted = openvino.convert_model(model, example_input=x, input=list(x.shape))
    request = openvino.Core().compile_model(converted, "CPU", settings).create_infer_request()
    x = x.numpy()
    return lambda: request.infer({0: x})


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        worker(sys.argv[2], int(sys.argv[3]))
    else:
        main()
