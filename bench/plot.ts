/**
 * A growth curve as SVG: both axes logarithmic, lines that differ in colour, dashes and marks and are named at their end,
 * all figures in the description for those who do not see it. It has its own ground, light or dark as the reader's
 * system is. Pure. A library would be many times this.
 */
import type { Curve } from "./suite.ts";

const size = { width: 760, height: 420, left: 70, right: 230, top: 50, bottom: 55 };
/** Of Okabe and Ito: told apart by colour-blind readers; on dark ground the lighter of each. */
const colours = [
  { light: "#0072b2", dark: "#56b4e9", dashes: "" },
  { light: "#b04a00", dark: "#e69f00", dashes: "7 4" },
  { light: "#00704f", dark: "#2fc79a", dashes: "2 4" },
  { light: "#9c4f80", dark: "#e3a3c8", dashes: "9 3 2 3" },
] as const;

const style = `<style>
.ground{fill:#fff}.ink{fill:#1b1b1b}.grid{stroke:#d8d8d8}text{font:13px system-ui,sans-serif}.title{font-size:16px;font-weight:600}
${colours.map(({ light }, at) => `.c${at}{stroke:${light}}.f${at}{fill:${light}}`).join("")}
@media (prefers-color-scheme:dark){.ground{fill:#16181c}.ink{fill:#e8e8e8}.grid{stroke:#3a3d44}
${colours.map(({ dark }, at) => `.c${at}{stroke:${dark}}.f${at}{fill:${dark}}`).join("")}}
</style>`;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Powers of ten around the values. */
function decades(values: readonly number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at));
}

const short = (value: number): string =>
  value >= 1 ? value.toLocaleString("en", { maximumSignificantDigits: 3 }) : value.toPrecision(1);

/** From a value to its place between `from` and `to`. */
function scaleOf(ticks: readonly number[], from: number, to: number): (value: number) => number {
  const [low = 1, high = 10] = [ticks[0], ticks.at(-1)];
  const span = Math.log10(high) - Math.log10(low);
  return (value) =>
    Number((from + ((Math.log10(value) - Math.log10(low)) / span) * (to - from)).toFixed(1));
}

const mark = (at: number, x: number, y: number): string =>
  [
    `<circle class="f${at}" cx="${x}" cy="${y}" r="4"/>`,
    `<rect class="f${at}" x="${x - 4}" y="${y - 4}" width="8" height="8"/>`,
    `<path class="f${at}" d="M${x} ${y - 5}l5 9h-10z"/>`,
    `<path class="f${at}" d="M${x} ${y - 5}l5 5-5 5-5-5z"/>`,
  ][at] ?? "";

/** Names at the ends of lines, at least a line's height apart. */
function apart(wanted: readonly number[]): number[] {
  const order = wanted.map((y, at) => ({ y, at })).sort((one, other) => one.y - other.y);
  let above = Number.NEGATIVE_INFINITY;
  const placed: number[] = [];
  for (const { y, at } of order) {
    above = Math.max(y, above + 16);
    placed[at] = above;
  }
  return placed;
}

const inWords = ({ lines, x, y }: Curve): string =>
  lines
    .map(({ name, points }) => {
      const said = points.map(([at, value]) => `${short(at)}: ${short(value)}`).join(", ");
      return `${name} (${x}: ${y}): ${said}`;
    })
    .join(". ");

function frame(curve: Curve, xs: readonly number[], ys: readonly number[]): string[] {
  const [right, bottom] = [size.width - size.right, size.height - size.bottom];
  const toX = scaleOf(xs, size.left, right);
  const toY = scaleOf(ys, bottom, size.top);
  const text = (x: number, y: number, anchor: string, words: string, more = "") =>
    `<text class="ink${more}" x="${x}" y="${y}" text-anchor="${anchor}">${escaped(words)}</text>`;
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    `<line class="grid" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
  return [
    `<rect class="ground" width="${size.width}" height="${size.height}" rx="6"/>`,
    text(size.left, 28, "start", curve.title, " title"),
    ...xs.flatMap((one) => [
      line(toX(one), size.top, toX(one), bottom),
      text(toX(one), bottom + 20, "middle", short(one)),
    ]),
    ...ys.flatMap((one) => [
      line(size.left, toY(one), right, toY(one)),
      text(size.left - 8, toY(one) + 4, "end", short(one)),
    ]),
    text((size.left + right) / 2, size.height - 14, "middle", curve.x),
    `<text class="ink" transform="translate(18 ${(size.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(curve.y)}</text>`,
  ];
}

export function plot(curve: Curve): string {
  const all = curve.lines.flatMap(({ points }) => points);
  if (all.length === 0 || all.some(([x, y]) => !(x > 0 && y > 0)))
    throw new Error(`${curve.name}: a logarithmic axis has no place for what is not above 0`);
  const [xs, ys] = [decades(all.map(([x]) => x)), decades(all.map(([, y]) => y))];
  const toX = scaleOf(xs, size.left, size.width - size.right);
  const toY = scaleOf(ys, size.height - size.bottom, size.top);
  const ends = apart(curve.lines.map(({ points }) => toY(points.at(-1)?.[1] ?? 1)));
  const lines = curve.lines.flatMap(({ name, points }, at) => {
    const places = points.map(([x, y]) => [toX(x), toY(y)] as const);
    const [endX = 0] = places.at(-1) ?? [];
    const dashes = colours[at]?.dashes ?? "";
    return [
      `<polyline class="c${at}" fill="none" stroke-width="2" stroke-dasharray="${dashes}" points="${places.map((one) => one.join(",")).join(" ")}"/>`,
      ...places.map(([x, y]) => mark(at, x, y)),
      `<text class="f${at}" x="${endX + 10}" y="${(ends[at] ?? 0) + 4}">${escaped(name)}</text>`,
    ];
  });
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="t d">`;
  const words = `<title id="t">${escaped(curve.title)}</title>\n<desc id="d">${escaped(inWords(curve))}</desc>`;
  return `${[head, words, style, ...frame(curve, xs, ys), ...lines, "</svg>"].join("\n")}\n`;
}
