/* Slide a Gaussian over the data: the heights of the stems, and where that is on the log-likelihood's surface.

   given: {data: [numbers], unit: "m"} */
(window.mleWaiting ??= []).push(() => {
  const { MleExplorer: Explorer, mleFormat: format, mleRoundUp: roundUp } = window;
  const INSIDE = [[39.3, 0.5], [86.5, 2], [98.9, 4.5]]; // 100 (1 - exp(-k²/2)), k²/2: chi-square, 2 degrees

  const density = (x, mean, stddev) =>
    Math.exp((-0.5 * (x - mean) ** 2) / stddev ** 2) / (Math.sqrt(2 * Math.PI) * stddev);

  /* All that the log-likelihood needs of the data: n, the maximum, and how far below it (mean, stddev) lies. */
  function surface(data) {
    const n = data.length;
    const mean = data.reduce((sum, x) => sum + x, 0) / n;
    const stddev = Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n);
    const top = -n * (Math.log(stddev) + 0.5 * Math.log(2 * Math.PI) + 0.5);
    const fall = (m, s) => n * (Math.log(s / stddev) - 0.5 + (stddev ** 2 + (m - mean) ** 2) / (2 * s ** 2));
    // As mlefit does: a parabola in the mean and in log stddev, so that no region reaches below zero.
    const wald = (m, s) => n * (0.5 * ((m - mean) / stddev) ** 2 + Math.log(s / stddev) ** 2);
    return { n, mean, stddev, top, fall, wald };
  }

  /* Where the region k standard errors wide ends, along the mean and along stddev: the shadow of the region on
     each axis. For the ratio, at each value of one parameter the other one is at its best. */
  function ends({ n, mean, stddev }, region, k) {
    if (region === "wald") {
      const reach = k / Math.sqrt(n);
      return [[-1, 1].map((side) => mean + side * reach * stddev),
        [-1, 1].map((side) => stddev * Math.exp((side * reach) / Math.SQRT2))];
    }
    const half = stddev * Math.sqrt(Math.expm1(k ** 2 / n));
    const fall = (log) => n * (log + 0.5 * Math.expm1(-2 * log)); // log = log(s / stddev), the mean at its best
    const end = (side) => {
      let [inside, outside] = [0, side];
      while (fall(outside) < k ** 2 / 2) outside *= 2;
      for (let halvings = 0; halvings < 60; halvings++) {
        const middle = (inside + outside) / 2;
        if (fall(middle) < k ** 2 / 2) inside = middle;
        else outside = middle;
      }
      return stddev * Math.exp(inside);
    };
    return [[mean - half, mean + half], [end(-1), end(1)]];
  }

  class Likelihood extends Explorer {
    build() {
      const { data, unit = "" } = this.given;
      const at = surface(data);
      const low = Math.min(...data), high = Math.max(...data), room = 0.6 * (high - low);
      const [[m0, m1], [, s1]] = ends(at, "ratio", at.n < 6 ? 2.2 : 3.3); // few leave too much open
      const named = (name) => (unit ? `${name} (${unit})` : name);
      const round = (value) => Number(value.toPrecision(2));
      const step = 10 ** Math.floor(Math.log10(at.stddev / 30));
      const digits = Math.max(0, -Math.round(Math.log10(step)));
      this.digits = Math.max(2, digits);
      const line = { step, unit, digits: this.digits };
      const x = [Math.min(low - room, m0), Math.max(high + room, m1)].map(round);
      const mean = { ...line, label: "mean", min: round(m0), max: round(m1),
        value: round(Math.max(m0, at.mean - 0.6 * at.stddev)) };
      const stddev = { ...line, label: "stddev", min: round(0.3 * at.stddev), max: round(s1),
        value: round(0.7 * at.stddev) };
      this.bell = this.plot({
        x, y: [0, 1], xlabel: named("x"), ylabel: `density (1/${unit || "unit"})`,
        alt: "The Gaussian density over the line, with a stem from each observation up to it",
        keys: { "line c1": "density", "line c2": "its height at an observation" },
      });
      this.map = this.plot({
        x: [mean.min, mean.max], y: [stddev.min, stddev.max], xlabel: named("mean"), ylabel: named("stddev"),
        alt: "Contours of the log-likelihood over mean and stddev, with the place of the Gaussian and the maximum",
        keys: { "line c3": "1, 2 and 3 standard errors", "dot c1": "this Gaussian", "dot small c4": "maximum" },
      });
      this.slider("mean", mean);
      this.slider("stddev", stddev);
      this.pick = this.list("x", { ...line, label: "observation", values: data, min: x[0], max: x[1] });
      this.choice("region", {
        label: "region", value: "ratio",
        options: { ratio: "by the drop in log-likelihood", wald: "by standard errors (Wald)" },
      });
      this.button("To the maximum", () => {
        const { mean: m, stddev: s } = surface(this.values.x);
        this.set({ mean: m, stddev: s });
      });
    }

    draw({ mean, stddev, x, region }) {
      const at = surface(x), { bell, map } = this, { unit = "" } = this.given;
      const heights = x.map((value) => density(value, mean, stddev));

      bell.range(bell.x, [0, roundUp(1.1 * density(0, 0, stddev))]);
      bell.curve("density", (value) => density(value, mean, stddev), "line c1");
      bell.segments("stems", x.map((value, k) => [[value, 0], [value, heights[k]]]), "line c2");
      bell.dots("heads", x.map((value, k) => [value, heights[k]]), "c2");
      bell.handles("data", x.map((value) => [value, 0]), x.length > 8 ? "c2 small" : "c2", (k, value) => {
        this.pick(k);
        this.set({ x: x.map((old, j) => (j === k ? value : old)) });
      });

      const fall = at[region === "wald" ? "wald" : "fall"];
      map.contour("far", (m, s) => -at.fall(m, s), [-8, -16, -32, -64, -128], "thin grey");
      map.contour("region", (m, s) => -fall(m, s), INSIDE.map(([, drop]) => -drop), "line c3");
      for (const k of [1, 2, 3]) map.text(`k${k}`, [at.mean, ends(at, region, k)[1][0]], `${k}`, "c3");
      map.dots("maximum", [[at.mean, at.stddev]], "small c4");
      map.handles("here", [[mean, stddev]], "c1", (_, m, s) => this.set({ mean: m, stddev: s }), true);

      const below = at.fall(mean, stddev), digits = this.digits;
      const [of_mean, of_stddev] = ends(at, region, 2);
      const span = ([from, to]) => `${format(from, digits)} to ${format(to, digits)} ${unit}`;
      this.show({
        "log-likelihood": format(at.top - below, 3),
        "below the maximum": `${format(below, 3)} nats`,
        "maximum at": `${format(at.mean, digits + 1)} and ${format(at.stddev, digits + 1)} ${unit}`,
        "2 standard errors, mean": span(of_mean),
        "2 standard errors, stddev": span(of_stddev),
      });
      const drop = fall(mean, stddev), k = INSIDE.findIndex(([, limit]) => drop <= limit);
      const worst = heights.indexOf(Math.min(...heights));
      if (!at.stddev) return "All observations are equal: the smaller stddev, the higher the likelihood, without a maximum.";
      const inside = map.x[0] <= at.mean && at.mean <= map.x[1] && map.y[0] <= at.stddev && at.stddev <= map.y[1];
      return `The lowest stem is ${format(heights[worst], 3)} per ${unit || "unit"}, at ${format(x[worst], digits)}. ` +
        `This Gaussian is ${format(below, 2)} nats below the maximum, ` +
        (k < 0 ? "outside region 3. " : `in region ${k + 1}. With many observations, ${INSIDE[k][0]}% of such ` +
          "regions hold the true mean and stddev together. ") +
        (inside ? "" : "The maximum is outside the picture.");
    }
  }

  Explorer.define("likelihood", Likelihood);
});
window.mleBegin?.();
