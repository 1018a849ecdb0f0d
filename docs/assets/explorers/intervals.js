/* Repeat an experiment: n waiting times, their rate, an interval for it. How many intervals hold the true rate?

   given: {rate: the true one, n: how many times there are at the start, unit: "1/min"} */
(window.mleWaiting ??= []).push(() => {
  const { MleExplorer: Explorer, mleFormat: format } = window;
  const KINDS = { wald: "Wald on the rate", log: "Wald on its logarithm", profile: "profile", exact: "exact" };
  const Z = 1.959963984540054; // the 0.975 quantile of the standard Gaussian
  const CUT = -0.5 * Z ** 2;
  const MOST = 100; // times in an experiment
  const ROWS = 50; // experiments in the picture
  const ALL = 1000; // that are counted

  /* The last scrambling of MurmurHash3: 32 bits to 32 bits, one to one. */
  function mix(bits) {
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return (bits ^ (bits >>> 16)) >>> 0;
  }

  /* The times of experiment `which`. A scrambled counter makes them, so that an experiment stays the same when
     others come, and keeps its times when n grows. */
  const times = ({ seed, n }, which, rate) => Array.from({ length: n }, (_, k) => {
    const counter = mix(seed) + Math.imul(which * MOST + k, 0x9e3779b9);
    return -Math.log((mix(counter) + 0.5) / 2 ** 32) / rate;
  });

  /* The probability of chi-square with 2n degrees of freedom below q: 1 less a Poisson sum, as n is whole. */
  function below(q, n) {
    let term = Math.exp(-q / 2), sum = 0;
    for (let k = 1; k <= n; k++) {
      sum += term;
      term *= q / 2 / k;
    }
    return 1 - sum;
  }

  /* Where f, negative at `from` and positive at `to`, is zero: by bisection. */
  function root(f, from, to) {
    for (let halvings = 0; halvings < 64; halvings++) {
      const middle = (from + to) / 2;
      if (f(middle) < 0) from = middle;
      else to = middle;
    }
    return from;
  }

  /* The log-likelihood below its peak where the rate is r times the estimate. */
  const profile = (r, n) => n * (Math.log(r) + 1 - r);

  /* What Wald's rules put in its place: a parabola in the rate, or in its logarithm. */
  const STANDINS = {
    wald: (r, n) => -0.5 * n * (r - 1) ** 2,
    log: (r, n) => -0.5 * n * Math.log(r) ** 2,
  };

  /* The low and the high end of an interval over the estimate. */
  function ends(kind, n) {
    const reach = Z / Math.sqrt(n);
    if (kind === "wald") return [1 - reach, 1 + reach];
    if (kind === "log") return [Math.exp(-reach), Math.exp(reach)];
    if (kind === "profile") return [0, 9].map((far) => root((r) => CUT - profile(r, n), 1, far));
    return [0.025, 0.975].map((p) => root((q) => below(q, n) - p, 0, 8 * n) / (2 * n));
  }

  class Intervals extends Explorer {
    build() {
      const { rate, n, unit = "" } = this.given;
      const axis = { x: [0, 4 * rate], xlabel: unit ? `rate (${unit})` : "rate", ratio: 1.1 };
      this.stack = this.plot({
        ...axis, y: [0, ROWS + 1], ylabel: "experiment",
        alt: "An interval for each experiment, one above the other, and a vertical line at the true rate",
        keys: { "line c1": "holds the truth", "wide c2": "misses it", "thin": "truth", "dot small c4": "looked at" },
      });
      this.one = this.plot({
        ...axis, y: [-5, 0.3], ylabel: "log-likelihood below its peak",
        alt: "The log-likelihood of one experiment, and where its interval ends",
        keys: { "line c3": "log-likelihood", "line c4 dashed": "Wald's parabola", "line c1": "interval" },
      });
      const whole = { min: 1, step: 1, digits: 0 };
      this.slider("n", { ...whole, label: "waiting times", min: 5, max: MOST, value: n });
      this.slider("experiments", { ...whole, label: "experiments", max: ALL, value: ROWS });
      this.slider("row", { ...whole, label: "look at row", max: ROWS, value: ROWS });
      this.slider("seed", { ...whole, label: "seed", max: 99, value: 1 });
      this.choice("kind", { label: "interval", options: KINDS, value: "wald" });
      this.player(() => {
        const experiments = Math.min(ALL, this.values.experiments + 1);
        this.set({ experiments });
        return experiments < ALL;
      }, { every: 60 });
    }

    draw(values) {
      const { n, experiments, row, kind } = values, { stack, one, given: { rate, unit = "" } } = this;
      const estimate = (which) => n / times(values, which, rate).reduce((sum, time) => sum + time, 0);
      const estimates = Array.from({ length: experiments }, (_, k) => estimate(k + 1));
      const [a, b] = ends(kind, n);
      const under = (found) => b * found < rate, over = (found) => a * found > rate;
      const miss = (found) => under(found) || over(found);

      const first = Math.max(1, experiments - ROWS + 1), which = Math.min(experiments, first + row - 1);
      const seen = estimates.slice(first - 1).map((found, k) => [found, first + k]);
      const bars = (all) => all.map(([found, y]) => [[a * found, y], [b * found, y]]);
      const missed = seen.filter(([found]) => miss(found));
      stack.range(stack.x, [first - 1, first + ROWS]);
      stack.segments("truth", [[[rate, first - 1], [rate, first + ROWS]]], "thin");
      stack.segments("hits", bars(seen.filter(([found]) => !miss(found))), "c1");
      stack.segments("misses", bars(missed), "wide c2");
      stack.dots("missed", missed, "c2");
      stack.handles("looked", [[estimates[which - 1], which]], "small c4", (_, x, y) =>
        this.set({ row: Math.max(1, Math.min(ROWS, Math.round(y) - first + 1)) }), true);

      const found = estimates[which - 1], standin = STANDINS[kind];
      one.segments("cut", [[[0, CUT], [one.x[1], CUT]]], "thin dotted");
      one.text("drop", [one.x[1], CUT + 0.1], format(CUT), "", "end");
      one.segments("truth", [[[rate, one.y[0]], [rate, one.y[1]]]], "thin");
      one.curve("curve", (x) => profile(x / found, n), "line c3");
      one.curve("standin", (x) => (standin ? standin(x / found, n) : NaN), "line c4 dashed");
      one.segments("interval", bars([[found, CUT]]), miss(found) ? "wide c2" : "c1");
      one.dots("ends", [a, b].map((end) => [end * found, CUT]), miss(found) ? "c2" : "c1 small");

      const kinds = Object.keys(KINDS);
      const every = Object.fromEntries(kinds.map((name) => [name, ends(name, n).map((end) => end * found)]));
      this.looked = { times: times(values, which, rate), estimate: found, ends: every }; // in full, for a console
      const percent = (part, digits) => `${format(100 * part, digits)}%`;
      const counted = (count, chance) => `${count}, in the long run ${percent(chance, 2)}`;
      const [low, high] = [estimates.filter(under).length, estimates.filter(over).length];
      const hits = experiments - low - high, [tooLow, tooHigh] = [1 - below(2 * n * b, n), below(2 * n * a, n)];
      this.show({
        "hold the truth": counted(hits, 1 - tooLow - tooHigh),
        "lie below it": counted(low, tooLow),
        "lie above it": counted(high, tooHigh),
        experiment: `${which}`,
        estimate: `${format(found, 4)} ${unit}`,
        ...Object.fromEntries(kinds.map((name) =>
          [KINDS[name], every[name].map((end) => format(end, 4)).join(" to ")])),
      });
      const share = hits / experiments;
      const error = 2 * Math.sqrt((0.95 * 0.05) / experiments), digits = error < 0.03 ? 1 : 0;
      return `${hits} of ${experiments} ${experiments === 1 ? "interval holds" : "intervals hold"} the truth ` +
        `(${percent(share, digits)}, ${Math.abs(share - 0.95) > error ? "outside" : "about"} 95% ± ` +
        `${format(100 * error, digits)}). ${low} below it, ${high} above. In the long run ` +
        `${percent(tooLow, 2)} of these intervals lie below the truth and ${percent(tooHigh, 2)} above.`;
    }
  }

  Explorer.define("intervals", Intervals);
});
window.mleBegin?.();
