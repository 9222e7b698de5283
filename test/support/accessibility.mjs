/**
 * What is wrong with a page for those who do not see it, or see it badly. Runs inside the page, so that it stands alone.
 * @returns {string[]} one line for each fault
 */
export function accessibilityFaults() {
  const faults = [];
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const within = document.querySelector('dialog[open]:last-of-type') ?? document.body;
  const all = (selector) => [...within.querySelectorAll(selector)].filter(seen);
  const name = (element) => `<${element.localName} class="${element.getAttribute('class') ?? ''}">`;
  const say = (element, what) =>
    faults.push(`${name(element)} ${JSON.stringify(element.textContent.trim().slice(0, 40))}: ${what}`);

  // Structure.
  const headings = all('h1, h2, h3, h4').map((each) => Number(each.localName[1]));
  if (within === document.body && headings.filter((level) => level === 1).length !== 1)
    faults.push(`headings of level 1: ${headings.filter((level) => level === 1).length}`);
  headings.forEach((level, index) => {
    if (index > 0 && level > headings[index - 1] + 1)
      faults.push(`a heading of level ${level} below ${headings[index - 1]}`);
  });
  if (within === document.body && all('main').length !== 1) faults.push(`main: ${all('main').length}`);
  if (!document.documentElement.lang) faults.push('no language');
  if (!document.title) faults.push('no title');
  const ids = [...document.querySelectorAll('[id]')].map((each) => each.id);
  for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index)))
    faults.push(`two elements are #${id}`);
  for (const attribute of ['aria-describedby', 'aria-labelledby'])
    for (const element of all(`[${attribute}]`))
      if (!document.getElementById(element.getAttribute(attribute))) say(element, `${attribute} leads nowhere`);

  // Names.
  for (const control of all('a, button, input, select, textarea, [role=img], [role=region], nav, meter, progress')) {
    const labels = [...(control.labels ?? [])].map((label) => label.textContent);
    const own = ['a', 'button'].includes(control.localName) ? control.textContent : '';
    const by = document.getElementById(control.getAttribute('aria-labelledby') ?? '')?.textContent ?? '';
    if ([control.getAttribute('aria-label') ?? '', by, own, ...labels].join('').trim() === '') say(control, 'no name');
  }
  for (const table of all('table')) {
    const heads = [...table.querySelectorAll('thead th')];
    if (heads.length === 0) say(table, 'no head');
    for (const head of heads)
      if (head.scope !== 'col' || head.textContent.trim() === '') say(head, 'no name, or no scope');
  }

  // Contrast: each text against what lies behind it.
  const paint = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const over = ([r, g, b, a], [r2, g2, b2]) => {
    const mix = (top, below) => (top * a + below * (255 - a)) / 255;
    return [mix(r, r2), mix(g, g2), mix(b, b2), 255];
  };
  const behind = (element) => {
    if (element === null) return rgba('white');
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 255 ? own : over(own, behind(element.parentElement));
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  for (const element of all('*')) {
    const written = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!written || element.closest(':disabled, .sr-only, svg') !== null) continue;
    const ground = behind(element);
    const found = contrast(over(rgba(getComputedStyle(element).color), ground), ground);
    if (found < 4.5) say(element, `contrast ${found.toFixed(2)}`);
  }
  // Where to type must be seen as well.
  for (const element of all('input, select, textarea')) {
    const found = contrast(rgba(getComputedStyle(element).borderTopColor), behind(element.parentElement));
    if (found < 3) say(element, `contrast of its border ${found.toFixed(2)}`);
  }
  return faults;
}

/**
 * The element that has the focus, and whether that can be seen.
 * @returns {{ key: string; visible: boolean }} `key` is '' where nothing has the focus
 */
export function focused() {
  const element = document.activeElement;
  if (element === null || element === document.body) return { key: '', visible: true };
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const stops = [...document.querySelectorAll('a, button, input, select, textarea, summary, [tabindex]')];
  // A node of the graph shows it by the stroke of its box.
  const drawn = element.closest('svg') !== null;
  return {
    key: String(stops.indexOf(element)),
    visible: drawn || (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0),
  };
}

/**
 * What the Tab key must reach: all that can be used, by the keys of `focused`.
 * @returns {{ key: string; text: string }[]}
 */
export function tabStops() {
  const within = document.querySelector('dialog[open]:last-of-type') ?? document.body;
  return [...document.querySelectorAll('a, button, input, select, textarea, summary, [tabindex]')]
    .map((element, index) => ({ element, key: String(index), text: element.outerHTML.slice(0, 120) }))
    .filter(
      ({ element }) =>
        within.contains(element) && element.checkVisibility() && !element.disabled && element.tabIndex >= 0,
    )
    .map(({ key, text }) => ({ key, text }));
}
