/* A straight line under four kinds of noise: where each puts it, the density of its residuals, and which point
   pulls how much.

   given: {x: [numbers], y: [numbers]}. Every noise is a density exp(-cost(z)) / (scale * area), z = residual /
   scale. At the best line sum w(z) r (1, x) = 0, and at the best scale sum w(z) z² = n, with w(z) = cost'(z) / z:
   least squares with weights, repeated. */
(window.mleWaiting ??= []).push(() => {
  const { MleExplorer: Explorer, mleFormat: format, mleRoundUp: roundUp } = window;
  const NAMES = { gaussian: "Gaussian", laplace: "Laplace", student: "Student's t", huber: "Huber" };
  const LOOKS = { gaussian: "line c2", laplace: "line c1 dashed", student: "line c3", huber: "line c4 dotted" };

  function noises(df, delta) {
    // √df B(1/2, df/2), by the beta function's recurrence from 1 or 2 degrees of freedom
    let beta = df % 2 ? Math.PI : 2;
    for (let k = df % 2 || 2; k < df; k += 2) beta *= k / (k + 1);
    let middle = 0; // Simpson's rule for exp(-z²/2) from 0 to delta
    for (let k = 0; k <= 40; k++) {
      middle += (k % 40 ? (k % 2 ? 4 : 2) : 1) * (delta / 120) * Math.exp(-0.5 * ((k / 40) * delta) ** 2);
    }
    const inner = (z) => Math.min(Math.abs(z), delta);
    return {
      gaussian: { cost: (z) => 0.5 * z ** 2, weight: () => 1, area: Math.sqrt(2 * Math.PI) },
      laplace: { cost: Math.abs, weight: (z) => 1 / Math.abs(z), area: 2, exact: true },
      student: {
        cost: (z) => 0.5 * (df + 1) * Math.log1p(z ** 2 / df), weight: (z) => (df + 1) / (df + z ** 2),
        area: Math.sqrt(df) * beta,
      },
      huber: {
        cost: (z) => inner(z) * (Math.abs(z) - inner(z) / 2), weight: (z) => Math.min(1, delta / Math.abs(z)),
        area: 2 * (middle + Math.exp(-0.5 * delta ** 2) / delta),
      },
    };
  }

  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const left = (x, y, [slope, intercept]) => x.map((at, k) => y[k] - slope * at - intercept);

  function weighted(x, y, w) {
    const n = sum(w), mx = sum(x.map((at, k) => w[k] * at)) / n, my = sum(y.map((at, k) => w[k] * at)) / n;
    const slope = sum(x.map((at, k) => w[k] * (at - mx) * (y[k] - my))) / sum(x.map((at, k) => w[k] * (at - mx) ** 2));
    return [slope, my - slope * mx];
  }

  /* Least absolute deviations: one of the best lines passes through two points. So try all pairs. */
  function absolute(x, y) {
    let best = { total: Infinity };
    for (let a = 0; a < x.length; a++) {
      for (let b = 0; b < a; b++) {
        const slope = (y[a] - y[b]) / (x[a] - x[b]), line = [slope, y[a] - slope * x[a]];
        const total = sum(left(x, y, line).map(Math.abs));
        if (total < best.total) best = { total, line, pair: [a, b] };
      }
    }
    return best;
  }

  function fit(x, y, noise) {
    const { cost, weight, area } = noise, n = x.length, deviations = absolute(x, y);
    let line = deviations.line, scale = deviations.total / n, last;
    // The start is robust: Student's t may have several maxima, and this leads to the one that most points are for.
    for (let turn = 0; !noise.exact && turn < 5000 && scale; turn++) {
      const w = left(x, y, line).map((r) => weight(r / scale));
      line = weighted(x, y, w);
      [last, scale] = [scale, Math.sqrt(sum(left(x, y, line).map((r, k) => w[k] * r ** 2)) / n)];
      if (Math.abs(last - scale) < 1e-14 * scale) break;
    }
    const r = left(x, y, line);
    if (noise.exact) for (const k of deviations.pair) r[k] = 0; // but for rounding
    const pull = (of) => (of ? ((of / scale) * weight(of / scale)) / scale : 0);
    const pulls = r.map(pull);
    if (noise.exact) { // on a kink a pull is anything between two slopes: what balances the others
      const [a, b] = deviations.pair, all = sum(pulls), turned = sum(pulls.map((one, k) => one * x[k]));
      pulls[a] = (all * x[b] - turned) / (x[a] - x[b]);
      pulls[b] = -all - pulls[a];
    }
    const log = (of) => -cost(of / scale) - Math.log(scale * area);
    return { line, scale, r, pull, pulls, log, nats: sum(r.map(log)) };
  }

  class Noise extends Explorer {
    build() {
      const { x, y } = this.given, low = Math.min(...y), high = Math.max(...y), room = 0.3 * (high - low);
      const lines = Object.fromEntries(Object.entries(LOOKS).map(([key, look]) => [look, NAMES[key]]));
      const ends = [Math.floor(low - room), Math.ceil(high + room)];
      this.fits = this.plot({
        x: [Math.min(...x), Math.max(...x)].map((end, k) => end + (k ? 0.05 : -0.05) * (Math.max(...x) - Math.min(...x))),
        y: ends, xlabel: "x", ylabel: "y", keys: lines,
        alt: "The points and four lines through them, one for each kind of noise",
      });
      this.tails = this.plot({
        x: [-1, 1], y: [-12, 0], xlabel: "residual", ylabel: "log-density (nats)", keys: { "dot grey": "the points" },
        alt: "The logarithm of the four densities against the residual, and where the points are on one of them",
      });
      this.forces = this.plot({
        x: [-1, 1], y: [-1, 1], xlabel: "residual", ylabel: "slope of the log-density", keys: { "line wide grey": "pull of a point" },
        alt: "The slope of the four log-densities against the residual, with a bar for each point's pull",
      });
      this.slider("df", { label: "Student's t: df", min: 2, max: 30, step: 1, value: 4, digits: 0 });
      this.slider("delta", { label: "Huber: δ / scale", min: 0.1, max: 3, step: 0.05, value: 1.35 });
      this.pick = this.list("y", {
        label: "point", values: y, min: ends[0], max: ends[1], step: 0.1, digits: 2, place: "its y",
      });
      this.choice("noise", { label: "bars for", options: NAMES, value: "gaussian" });
    }

    draw({ y, df, delta, noise }) {
      const { x } = this.given, { fits, tails, forces } = this, kinds = noises(Math.round(df), delta);
      const found = Object.fromEntries(Object.entries(kinds).map(([key, kind]) => [key, fit(x, y, kind)]));
      const all = Object.values(found), now = found[noise];
      fits.handles("data", x.map((at, k) => [at, y[k]]), "small", (k, _, to) => {
        this.pick(k);
        this.set({ y: y.map((old, j) => (j === k ? to : old)) });
      });
      if (all.some(({ scale }) => !(scale > 1e-6))) {
        return "So many points lie on one line that a scale goes to 0: this likelihood has no maximum.";
      }
      const reach = roundUp(Math.max(...all.flatMap(({ r }) => r.map(Math.abs))));
      const most = roundUp(Math.max(...all.flatMap(({ pulls }) => pulls.map(Math.abs))));
      const top = Math.ceil(Math.max(...all.map(({ log }) => log(0))));
      tails.range([-reach, reach], [top - 12, top]);
      forces.range([-reach, reach], [-most, most]);
      for (const [key, one] of Object.entries(found)) {
        const look = LOOKS[key] + (key === noise ? " wide" : "");
        fits.curve(key, (at) => one.line[0] * at + one.line[1], look, 1);
        tails.curve(key, one.log, look);
        forces.curve(key, one.pull, look);
        this.show({ [NAMES[key]]: `slope ${format(one.line[0], 4)}, intercept ${format(one.line[1], 4)}, ` +
          `scale ${format(one.scale, 4)}, log-likelihood ${format(one.nats, 3)}` });
      }
      tails.dots("points", now.r.map((r) => [r, now.log(r)]), "grey");
      forces.segments("bars", now.r.map((r, k) => [[r, 0], [r, now.pulls[k]]]), "wide grey");

      const sizes = now.r.map(Math.abs), far = sizes.indexOf(Math.max(...sizes));
      const strongest = Math.max(...now.pulls.map(Math.abs)), kept = (_, k) => k !== far;
      const without = fit(x.filter(kept), y.filter(kept), kinds[noise]);
      fits.text("far", [x[far], y[far] + (fits.y[1] - fits.y[0]) / 25], `${far + 1}`);
      forces.text("far", [now.r[far], 0], `${far + 1}`);
      return `${NAMES[noise]}: point ${far + 1} is the farthest from the line, ${format(sizes[far])} ` +
        `${now.r[far] > 0 ? "above" : "below"}. It pulls with ` +
        `${format((100 * Math.abs(now.pulls[far])) / strongest, 0)}% of the strongest pull. ` +
        `Without it the slope would be ${format(without.line[0])} instead of ${format(now.line[0])}.`;
    }
  }

  Explorer.define("noise", Noise);
});
window.mleBegin?.();
