/* A polynomial whose weights have a Gaussian prior: its curve, and prior, likelihood and posterior of one weight.

   given: {x: [numbers from -1 to 1], y: [numbers], sigma: the noise's known stddev, tau: where the prior's starts,
   degree: the largest}. The weights w are those of Legendre polynomials; y = w . phi(x) + noise. */
(window.mleWaiting ??= []).push(() => {
  const { MleExplorer: Explorer, mleFormat: format, mleRoundUp: roundUp } = window;
  const LOG_2PI = Math.log(2 * Math.PI);
  const dot = (a, b) => a.reduce((sum, one, k) => sum + one * b[k], 0);

  /* The Legendre polynomials of degree 0 to `degree` at x. */
  function legendre(x, degree) {
    const all = [1, x];
    for (let k = 1; k < degree; k++) all.push(((2 * k + 1) * x * all[k] - k * all[k - 1]) / (k + 1));
    return all.slice(0, degree + 1);
  }

  /* The inverse of a positive definite matrix, by Gauss and Jordan, and the logarithm of its determinant. */
  function invert(matrix) {
    const n = matrix.length;
    const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
    let log = 0;
    for (let i = 0; i < n; i++) {
      const pivot = rows[i][i];
      log -= Math.log(pivot);
      rows[i] = rows[i].map((one) => one / pivot);
      for (let k = 0; k < n; k++) {
        const factor = rows[k][i];
        if (k !== i) rows[k] = rows[k].map((one, j) => one - factor * rows[i][j]);
      }
    }
    return { inverse: rows.map((row) => row.slice(n)), log };
  }

  /* The Gaussian posterior of the weights. tau = Infinity: no prior, so that the mean is least squares. */
  function posterior(X, y, sigma, tau) {
    const columns = X[0].map((_, j) => X.map((row) => row[j]));
    const { inverse, log } = invert(
      columns.map((a, i) => columns.map((b, j) => dot(a, b) / sigma ** 2 + (i === j) / tau ** 2)));
    const moments = columns.map((column) => dot(column, y) / sigma ** 2);
    return { mean: inverse.map((row) => dot(row, moments)), covariance: inverse, log };
  }

  /* The sum of the log-densities of Gaussian values around 0. */
  const gaussian = (values, stddev) =>
    -0.5 * dot(values, values) / stddev ** 2 - values.length * (Math.log(stddev) + 0.5 * LOG_2PI);

  class Prior extends Explorer {
    build() {
      const { y, tau, degree } = this.given, end = roundUp(1.2 * Math.max(...y.map(Math.abs)));
      this.curves = this.plot({
        x: [-1, 1], y: [-end, end], xlabel: "u", ylabel: "y",
        alt: "The points, the polynomial by least squares, and the posterior's polynomial with its band",
        keys: { "line c1": "posterior's peak, ± 2 stddev", "line c2 dashed": "least squares" },
      });
      this.one = this.plot({
        x: [-1, 1], y: [0, 1.1], xlabel: "the weight", ylabel: "height / its own peak",
        alt: "Prior, likelihood and posterior of one weight, each divided by its highest value",
        keys: { "line grey": "prior", "line c3 dashed": "likelihood", "line c1": "posterior" },
      });
      this.all = this.plot({
        x: [-0.5, degree + 0.5], y: [-1, 1], xlabel: "degree", ylabel: "weight",
        alt: "All weights with two standard deviations to either side, and those of least squares",
        keys: { "dot c1": "posterior", "dot small c2": "least squares", "line grey": "prior, ± 2 stddev" },
      });
      this.slider("tau", { label: "prior's τ", min: 0.03, max: 30, step: 0.02, value: tau, digits: 3, log: true });
      this.slider("degree", { label: "degree", min: 1, max: degree, step: 1, value: degree, digits: 0 });
      this.slider("weight", { label: "which weight", min: 0, max: degree, step: 1, value: 3, digits: 0 });
      this.pick = this.list("y", {
        label: "point", values: y, min: -end, max: end, step: 0.05, digits: 2, place: "its y",
      });
    }

    draw({ tau, degree: asked, weight, y }) {
      const { x, sigma } = this.given, { curves, one, all } = this;
      const degree = Math.round(asked), j = Math.min(degree, Math.round(weight));
      const X = x.map((at) => legendre(at, degree)), { mean, covariance, log } = posterior(X, y, sigma, tau);
      const least = posterior(X, y, sigma, Infinity).mean, stddev = mean.map((_, k) => Math.sqrt(covariance[k][k]));
      const grid = Array.from({ length: 161 }, (_, k) => -1 + k / 80);
      const band = (side) => grid.map((at) => {
        const phi = legendre(at, degree);
        return [at, dot(phi, mean) + 2 * side * Math.sqrt(dot(phi, covariance.map((row) => dot(row, phi))))];
      });
      curves.line("band", [...band(1), ...band(-1).reverse()], "area c1");
      curves.line("least", grid.map((at) => [at, dot(legendre(at, degree), least)]), "line c2 dashed");
      curves.line("peak", band(0), "line c1");
      curves.handles("data", x.map((at, k) => [at, y[k]]), "small", (k, _, to) => {
        this.pick(k);
        this.set({ y: y.map((old, i) => (i === k ? to : old)) });
      });

      // Of one weight, averaged over the others as the prior has them: posterior = prior * likelihood, by precisions.
      const precision = Math.max(0, stddev[j] ** -2 - tau ** -2), centre = mean[j] / stddev[j] ** 2 / precision;
      const reach = roundUp(1.1 * Math.max(Math.abs(mean[j]) + 3 * stddev[j], Math.min(tau, 4)));
      one.range([-reach, reach], one.y);
      one.curve("prior", (w) => Math.exp(-0.5 * (w / tau) ** 2), "line grey");
      one.curve("likelihood", (w) => Math.exp(-0.5 * precision * (w - centre) ** 2), "line c3 dashed");
      one.curve("posterior", (w) => Math.exp(-0.5 * ((w - mean[j]) / stddev[j]) ** 2), "line c1");

      const high = roundUp(1.1 * Math.max(...mean.map((m, k) => Math.abs(m) + 2 * stddev[k])));
      all.range(all.x, [-high, high]);
      all.segments("prior", [-2, 2].map((times) => [[-0.5, times * tau], [degree + 0.5, times * tau]]), "line grey");
      all.segments("errors", mean.map((m, k) => [[k, m - 2 * stddev[k]], [k, m + 2 * stddev[k]]]), "line c1");
      all.segments("chosen", [[[j, -high], [j, high]]], "thin dotted");
      all.dots("weights", mean.map((m, k) => [k, m]), "c1");
      all.dots("least", least.map((m, k) => [k, m]), "small c2");

      const nats = gaussian(y.map((at, k) => at - dot(X[k], mean)), sigma), before = gaussian(mean, tau);
      const free = mean.length - dot(stddev, stddev) / tau ** 2;
      this.show({
        "λ = σ²/τ²": format((sigma / tau) ** 2, 5),
        "this weight": `${format(mean[j], 4)} ± ${format(stddev[j], 4)}`,
        "by least squares": format(least[j], 4),
        "log-likelihood": format(nats, 3),
        "log-prior": format(before, 3),
        "log marginal likelihood": format(nats + before + 0.5 * (mean.length * LOG_2PI + log), 3),
        "free weights": `${format(free)} of ${mean.length}`,
      });
      const share = precision * stddev[j] ** 2;
      return `Of the precision of the weight of degree ${j}, ${format(100 * share, 0)}% comes from the data, the rest ` +
        `from the prior. Its posterior stddev is ${format(stddev[j], 3)}, the prior's was ${format(tau, 3)}. ` +
        `The largest weight is ${format(Math.max(...mean.map(Math.abs)))} in size, by least squares ` +
        `${format(Math.max(...least.map(Math.abs)))}.`;
    }
  }

  Explorer.define("prior", Prior);
});
window.mleBegin?.();
