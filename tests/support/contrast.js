// Texts whose contrast with what is behind them is below WCAG 2.2 AA (1.4.3): 4.5, or 3 for large ones.
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const once = (find, found = new Map()) => (key) => {
    if (!found.has(key)) found.set(key, find(key));
    return found.get(key);
  };
  const parse = once((text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  });
  const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3]));
  const luminance = (colour) => {
    const [r, g, b] = colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ancestors = (element) => (element ? [element, ...ancestors(element.parentElement)] : []);
  const backdrop = once((element) =>
    element ? over(parse(getComputedStyle(element).backgroundColor), backdrop(element.parentElement)) : [255, 255, 255],
  );
  const faint = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    const box = element.getBoundingClientRect();
    if (!own || !element.checkVisibility() || box.width < 2 || element.closest(":disabled, .visually-hidden, .skip, svg")) continue;
    const style = getComputedStyle(element);
    const behind = backdrop(element);
    const ink = [...parse(style.color)];
    ink[3] *= ancestors(element).reduce((sum, each) => sum * Number(getComputedStyle(each).opacity), 1);
    const [light, dark] = [luminance(over(ink, behind)), luminance(behind)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) faint.add(`${ratio.toFixed(2)} ${element.textContent.trim().slice(0, 30)}`);
  }
  return [...faint];
}
