/* Gradient descent on the mean squared error of a line: from any start, at any rate, with raw or scaled x.

   given: {x: [numbers], y: [numbers], rate: where its slider starts}. The steps are those of Keras' SGD:
   velocity = momentum * velocity - rate * gradient; parameters += velocity. */
(window.mleWaiting ??= []).push(() => {
  const { MleExplorer: Explorer, mleFormat: format } = window;
  const SCALES = { raw: "raw", centred: "centred", standardised: "standardised" };
  const MOST = 100; // steps
  const DEEP = -8; // the lowest excess drawn, as a power of ten

  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  /* The loss, exactly: its floor, the least-squares line where it lies, and the Hessian [[a, b], [b, 2]]. */
  function quadratic(x, y, scale) {
    const centre = scale === "raw" ? 0 : mean(x);
    const width = scale === "standardised" ? Math.sqrt(mean(x.map((one) => (one - centre) ** 2))) : 1;
    const u = x.map((one) => (one - centre) / width), mu = mean(u), my = mean(y);
    const slope = mean(u.map((one, k) => (one - mu) * (y[k] - my))) / mean(u.map((one) => (one - mu) ** 2));
    const best = [slope, my - slope * mu];
    const floor = mean(u.map((one, k) => (y[k] - best[0] * one - best[1]) ** 2));
    const a = 2 * mean(u.map((one) => one ** 2)), b = 2 * mu;
    const half = Math.hypot((a - 2) / 2, b), high = (a + 2) / 2 + half;
    return {
      best, floor, high, low: (2 * a - b ** 2) / high, // their product is the determinant
      gradient: ([m, c]) => [a * (m - best[0]) + b * (c - best[1]), b * (m - best[0]) + 2 * (c - best[1])],
      excess: (m, c) => 0.5 * a * (m - best[0]) ** 2 + b * (m - best[0]) * (c - best[1]) + (c - best[1]) ** 2,
    };
  }

  function descend(gradient, start, rate, momentum, steps) {
    const path = [start];
    let velocity = [0, 0];
    for (let k = 0; k < steps; k++) {
      const slope = gradient(path[k]);
      velocity = velocity.map((v, j) => momentum * v - rate * slope[j]);
      path.push(path[k].map((at, j) => at + velocity[j]));
    }
    return path;
  }

  /* What a step leaves of an error along an eigenvector, in the long run, with rate times eigenvalue `by`: the
     larger root of r² - (1 + momentum - by) r + momentum. Without momentum it is |1 - by|. */
  function kept(by, momentum) {
    const middle = Math.abs(1 + momentum - by), under = middle ** 2 - 4 * momentum;
    return under < 0 ? Math.sqrt(momentum) : (middle + Math.sqrt(under)) / 2;
  }

  class Descent extends Explorer {
    build() {
      const { x, y, rate } = this.given;
      this.losses = Object.fromEntries(Object.keys(SCALES).map((scale) => [scale, quadratic(x, y, scale)]));
      const all = Object.values(this.losses);
      this.reach = 1.1 * Math.max(...all.flatMap((loss) => loss.best.map(Math.abs)));
      const round = (value) => Number(value.toPrecision(2));
      const power = 10 ** Math.floor(Math.log10(this.reach / 10));
      const start = (label, j) => ({
        label, step: power / 2, value: 0,
        min: Math.min(0, round(all[0].best[j] - this.reach)), max: round(all[0].best[j] + this.reach),
      });
      const most = round((1.1 * 2 * 1.9) / Math.min(...all.map((loss) => loss.high)));
      this.map = this.plot({
        x: [0, 1], y: [0, 1], xlabel: "slope", ylabel: "intercept", square: true,
        alt: "Contours of the mean squared error over slope and intercept, with the path of gradient descent",
        keys: { "line c1": "descent", "line c3 dashed": "Newton's one step", "dot c2": "start" },
      });
      this.fall = this.plot({
        x: [0, MOST], y: [DEEP, 2], xlabel: "step", ylabel: "log₁₀ (MSE − floor)", square: true,
        alt: "The mean squared error above its floor against the step, on a logarithmic axis",
        keys: { "line c1": "descent", "line c3 dashed": "Newton" },
      });
      this.slider("slope", start("start: slope", 0));
      this.slider("intercept", start("intercept", 1));
      const step = 10 ** Math.floor(Math.log10(most / 100));
      this.rate = this.slider("rate", { label: "learning rate", min: step, max: most, step, value: rate });
      this.slider("momentum", { label: "momentum", min: 0, max: 0.95, step: 0.01, value: 0 });
      this.slider("steps", { label: "steps", min: 0, max: MOST, step: 1, value: 0, digits: 0 });
      this.choice("scale", { label: "x is", options: SCALES, value: "raw" });
      this.player(() => {
        const steps = Math.min(MOST, this.values.steps + 1);
        this.set({ steps });
        return steps < MOST;
      });
    }

    draw({ slope, intercept, rate, momentum, steps, scale }) {
      const { map, fall } = this, loss = this.losses[scale], { best, floor, low, high } = loss;
      const start = [slope, intercept];
      const path = descend(loss.gradient, start, rate, momentum, steps);
      const excess = path.map(([m, c]) => loss.excess(m, c));
      const bound = (2 * (1 + momentum)) / high, last = path[steps];
      this.mark(this.rate, bound, `bound ${format(bound)}`);

      // The window doubles until the whole path is in it: a descent that runs away is seen to.
      const away = Math.max(...path.flat().map((value, k) => Math.abs(value - best[k % 2])));
      const half = this.reach * 2 ** Math.max(0, Math.ceil(Math.log2(away / this.reach)));
      map.range([best[0] - half, best[0] + half], [best[1] - half, best[1] + half]);
      const top = Math.floor(Math.log2(high * half ** 2) / 2);
      map.contour("loss", loss.excess, Array.from({ length: 7 }, (_, k) => 4 ** (top - k)), "thin grey");
      map.line("newton", [start, best], "line c3 dashed");
      map.dots("best", [best], "c3");
      map.line("path", path, "line c1");
      map.dots("steps", path.slice(1), "c1 small");
      map.handles("start", [start], "c2", (_, m, c) => this.set({ slope: m, intercept: c }), true);

      const heights = excess.map((one) => Math.max(DEEP - 1, Math.log10(one)));
      fall.range(fall.x, [DEEP, Math.max(2, Math.ceil(Math.max(...heights)))]);
      fall.line("newton", [[0, heights[0]], [1, DEEP - 1]], "line c3 dashed");
      fall.line("fall", heights.map((height, k) => [k, height]), "line c1");
      fall.dots("steps", heights.map((height, k) => [k, height]), "c1 small");

      const left = Math.max(kept(rate * low, momentum), kept(rate * high, momentum));
      this.show({
        slope: format(last[0], 3),
        intercept: format(last[1], 3),
        MSE: format(floor + excess[steps], 4),
        "least squares (Newton)": `${format(best[0], 3)}, ${format(best[1], 3)}; MSE ${format(floor, 4)}`,
        eigenvalues: `${format(low, 3)} and ${format(high, 3)}`,
        "condition number": format(high / low, 1),
      });
      const verdict = rate < bound
        ? `The rate is below its bound, ${format(bound, 3)}: in the long run a step leaves ` +
          `${format(100 * left, 1)}% of the error. `
        : `The rate is not below its bound, ${format(bound, 3)}: the error grows, in the long run by the factor ` +
          `${format(left, 3)} a step. `;
      return verdict + `After ${steps} steps the MSE is ${format(1 + excess[steps] / floor, 3)} times its floor. ` +
        "Newton's method would be there after one.";
    }
  }

  Explorer.define("descent", Descent);
});
window.mleBegin?.();
