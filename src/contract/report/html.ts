/**
 * The report as one page that needs nothing else: no script, no other file. Pure.
 *
 * Everything that is not ours is escaped, and characters that show nothing are made visible. The policy in
 * its head forbids whatever an escape that was forgotten could load or run. State and severity are
 * words, colours only repeat them.
 */
import { createHash } from "node:crypto";
import type { BadContract } from "../types.ts";
import type { ReportDocument, ReportHold, ReportIncident } from "./document.ts";
import { clipped, span, utc, visibleLine, visibleLines } from "./plain.ts";
import { style } from "./style.ts";
import { isFailing, type Row, rowsOf, staleAfterMs, stateWords, summaryOf } from "./view.ts";

const refreshSeconds = 60;
const maxFound = 2000;

export function htmlOf(document: ReportDocument): string {
  const rows = rowsOf(document);
  const failing = rows.filter(({ result }) => isFailing(result));
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta http-equiv="refresh" content="${refreshSeconds}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${document.ok ? "ok" : "NOT OK"} – ${line(document.system)}</title>
<style>${style}</style>
</head>
<body>
${header(document)}
<main>
${section(
  "Notes",
  document.notes.map((note) => `<p>${line(note)}</p>`),
)}
${section("Failing", [...document.bad.map(badCard), ...failing.map(card)])}
${section("Held on purpose", document.holds.map(holdCard))}
${section("All checks", [table(rows)])}
</main>
</body>
</html>
`;
}

function policy(): string {
  const hash = createHash("sha256").update(style).digest("base64");
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? "");

const line = (text: string): string => escaped(visibleLine(text));
const block = (text: string): string =>
  `<pre>${escaped(visibleLines(clipped(text, maxFound)).join("\n"))}</pre>`;

function header(document: ReportDocument): string {
  const at = Date.parse(document.at);
  const stale = staleAfterMs(document);
  return `<header class="${document.ok ? "good" : "bad"}">
<h1>${document.ok ? "✓ ok" : "✗ NOT OK"} – ${line(document.system)}</h1>
<p>${line(summaryOf(document))}</p>
<p>Generated <time datetime="${line(document.at)}">${utc(at)}</time>;
<strong>stale if older than ${span(stale)}</strong> (after ${utc(at + stale)}): then the health check itself is down.</p>
</header>`;
}

function section(title: string, parts: readonly string[]): string {
  if (parts.length === 0) return "";
  return `<section><h2>${title}</h2>\n${parts.join("\n")}\n</section>`;
}

const fact = (name: string, html: string): string => `<dt>${name}</dt><dd>${html}</dd>`;

function card({ result, incident }: Row): string {
  const { contract, check, state, severity, found, message, remedy, agents } = result;
  return `<article class="${state}">
<h3>✗ ${stateWords[state]} ${line(contract)}: ${line(check)} <small>${severity}</small></h3>
<dl>
${fact("found", block(found))}
${agents.length === 0 ? "" : fact("agents", line(agents.join(", ")))}
${message === "" ? "" : fact("to do", block(message))}
${remedy === null || remedy === "" ? "" : fact("mend", block(remedy))}
${incident === null ? "" : story(incident)}
</dl>
</article>`;
}

function story(incident: ReportIncident): string {
  const { count, reopened, escalations, id } = incident;
  const since = utc(Date.parse(incident.first_seen));
  const words = `${since}, seen ${count}×, came back ${reopened}×, told ${escalations}×; ${id}`;
  return [
    fact("since", line(words)),
    ...incident.actions.map(({ at, words, undo }) => {
      const back = undo.map((command) => ` <code>${line(command)}</code>`).join("");
      const undone = back === "" ? "" : `; undo:${back}`;
      return fact("done", `${line(`${utc(Date.parse(at))} ${words}`)}${undone}`);
    }),
  ].join("\n");
}

function badCard({ file, problems }: BadContract): string {
  const list = problems.map(({ line: row, column, key, why, remedy }) => {
    const words = `line ${row}:${column}: ${key}: ${why}: ${remedy}`;
    return fact("found", line(words));
  });
  return `<article class="fail"><h3>✗ FAIL ${line(file)}: this contract file cannot be used</h3>
<dl>${list.join("\n")}</dl></article>`;
}

function holdCard({ what, kind, by, at, why, undo }: ReportHold): string {
  return `<article class="held"><h3>‖ ${line(kind)} ${line(what)}</h3>
<dl>${fact("why", line(`${why} (by ${by}, ${at})`))}${fact("undo", `<code>${line(undo)}</code>`)}</dl></article>`;
}

function table(rows: readonly Row[]): string {
  const body = rows.map(({ result }) => {
    const { contract, check, state, severity, found, at } = result;
    const cells = [
      stateWords[state],
      `${line(contract)}: ${line(check)}`,
      severity,
      line(clipped(found, 200)),
      utc(Date.parse(at)),
    ];
    return `<tr class="${state}">${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  const names = ["state", "check", "severity", "found", "at"];
  return `<table><thead><tr>${names.map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody></table>`;
}
