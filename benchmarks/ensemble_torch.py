"""The same gradient by PyTorch's automatic differentiation, the way of Scagliotti 2026; reads its job from stdin.

Runs alone with any interpreter that has PyTorch.
"""

import json
import resource
import sys
import time

import torch  # pyright: ignore[reportMissingImports]


def main() -> None:
    job = json.load(sys.stdin)
    torch.set_num_threads(job["threads"])
    torch.set_default_dtype(torch.float64)
    rates, shares = torch.tensor(job["r_R"]), torch.tensor(job["f_R"])
    r_s, kill, n0, h, steps = job["r_S"], job["kill"], job["n0"], job["step_days"], job["steps"]

    def cost(u: torch.Tensor) -> torch.Tensor:
        S, R, total = n0 * (1 - shares), n0 * shares, torch.zeros_like(shares)
        for k in range(steps):
            room, above = 1 - S - R, S + R - n0
            total = total + h * r_s * (torch.sqrt(1 + above**2) - 1 + above)
            S, R = S + h * r_s * room * (1 - kill * u[k]) * S, R + h * rates * room * R
        return total.mean()

    seconds, value, gradient = [], 0.0, torch.zeros(steps)
    for _ in range(job["repeat"]):
        u = torch.full((steps,), 0.5, requires_grad=True)
        begun = time.perf_counter()
        found = cost(u)
        found.backward()
        seconds.append(time.perf_counter() - begun)
        assert u.grad is not None
        value, gradient = float(found.detach()), u.grad
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    said = {"gradient_s": seconds, "value": value, "first": float(gradient[0]), "sum": float(gradient.sum())}
    print(json.dumps(said | {"peak_mib": peak, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
