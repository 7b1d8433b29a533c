'use strict';
(() => {
  const figures = JSON.parse(document.getElementById('figures').textContent);
  const media = ['(prefers-color-scheme: dark)', 'print'].map(query => window.matchMedia(query));
  const phone = () => window.innerWidth < 480;
  const narrow = () => window.innerWidth < 800;

  /** The page's colours as a Vega-Lite configuration. */
  function theme() {
    const style = getComputedStyle(document.documentElement);
    const color = name => style.getPropertyValue('--' + name).trim();
    const text = { labelColor: color('soft'), titleColor: color('ink'), labelFontSize: 12, titleFontSize: 12,
      titleFontWeight: 'normal' };
    return {
      background: 'transparent',
      font: getComputedStyle(document.body).fontFamily,
      view: { stroke: null },
      axis: { ...text, gridColor: color('grid'), domainColor: color('line'), tickColor: color('line'),
        labelOverlap: 'greedy', labelSeparation: 6, labelFlush: false,
        labelLimit: phone() ? 110 : 220 },
      legend: { ...text, orient: 'top', direction: phone() ? 'vertical' : 'horizontal', labelLimit: Math.min(400, window.innerWidth - 90),
        layout: { top: { direction: narrow() ? 'vertical' : 'horizontal', anchor: 'start', margin: 6 } } },
      range: { category: ['c1', 'c2', 'c3', 'c4', 'c5', 'c6'].map(color) },
      bar: { color: color('c1') },
      line: { color: color('soft') },
      point: { color: color('ink') },
      rect: { stroke: color('paper') },
      rule: { color: color('soft') },
      text: { color: color('ink'), fontSize: 12 },
    };
  }

  async function draw(figure) {
    const place = document.getElementById(figure.id);
    await vegaEmbed(place, { ...figure.spec, config: theme() }, {
      mode: 'vega-lite',
      renderer: 'svg',
      actions: { export: true, source: false, compiled: false, editor: false },
      downloadFileName: 'sgquant-' + figure.id,
      tooltip: { theme: media[0].matches ? 'dark' : 'light' },
    });
    place.dataset.drawn = 'yes';
  }

  function drawAll() {
    return Promise.all(figures.map(figure => draw(figure).catch(error => {
      const place = document.getElementById(figure.id);
      place.textContent = 'This figure could not be drawn (' + error.message + '); its data are in the table below.';
      console.error(figure.id, error);
    })));
  }

  drawAll();
  media.forEach(query => query.addEventListener('change', drawAll));
})();
