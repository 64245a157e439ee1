/**
 * Roles in the booted system: other models by grant, at the tool and at the gateway by uid; whole files read for an
 * agent; every call on the account of its task.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "./scripted/model.ts";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";
import { type LedgerRow, ledgerRows, startProvider, useProvider } from "./support/scripted.ts";

const port = 18087;
const models = "/run/roles-requests.jsonl";

let own: Reserved;
let container: Container;

const tools = "[consult_adviser, summarize, second_opinion, analyze_files]";
const manifest = (name: string, can: string): string =>
  `name: ${name}\ntier: worker\ndescription: d\nmodel: smart\ncan: {tools: ${tools}${can}}\n`;

const calls = (...made: readonly (readonly [string, object])[]) => ({
  tool_calls: made.map(([name, args]) => ({ name, arguments: args })),
});
const analysis = { executive_summary: "The disk was full.", full_report: "# Report\nAll of it." };
const usage = { prompt_tokens: 700, completion_tokens: 30 };

const paths = ["long.log", "short.txt", "gone.txt", "drawing.svg", "paper.pdf"];

/** One page with one line. */
const drawn = "BT /F1 12 Tf 72 720 Td (a line of a PDF) Tj ET";
const pdf = [
  "%PDF-1.4",
  "1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj",
  "2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj",
  "3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R",
  "/Resources <</Font <</F1 <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>>> endobj",
  `4 0 obj <</Length ${drawn.length}>> stream`,
  drawn,
  "endstream endobj",
  "trailer <</Root 1 0 R>>",
  "%%EOF\n",
].join("\n");

const script = [
  // Questions to other models come first: they hold words of the agent.
  { when: "Advise the agent.", turns: [{ text: "Stop guessing, measure.", usage }] },
  { when: "Instruction:", turns: [{ text: JSON.stringify(analysis), usage }] },
  { when: "KEY in the tail", turns: [{ text: "noted: KEY in the tail", usage }] },
  { when: "What to look for:", turns: [{ text: "nothing here", usage }] },
  {
    when: "please advise",
    turns: [
      calls(["consult_adviser", { problem: "It fails.", plan: "Try again." }]),
      { text: "ok" },
    ],
  },
  {
    when: "please read",
    turns: [calls(["analyze_files", { paths, instruction: "Why did it stop?" }]), { text: "ok" }],
  },
  { when: "", turns: [{ text: "ready" }] },
];

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  await startProvider(container, { name: "roles", port, script, log: models });
  const roles =
    "\\n  adviser: [builtin/reflex]\\n  analyst: {use: [builtin/reflex], context: 16000}";
  await container.must(["sed", "-i", `s|^models:$|models:${roles}|`, "/etc/con/con.yaml"]);
  await container.copyIn(
    "/etc/con/agents.d/reader.yaml",
    manifest("reader", ", models: [adviser, analyst]"),
  );
  await container.copyIn("/etc/con/agents.d/poor.yaml", manifest("poor", ""));
  await container.must(["con", "bootstrap"]);
});
afterAll(() => own[Symbol.asyncDispose]());

const use = (alias: string): Promise<void> => useProvider(container, port, alias);

interface Told {
  readonly id: string;
  readonly record: {
    readonly status: string;
    readonly tokens: { readonly input: number; readonly output: number };
    readonly cost_usd: number;
  };
  /** Results of its tools. */
  readonly results: readonly {
    readonly text: string;
    readonly denial?: { readonly how: string };
  }[];
}

async function ask(agent: string, text: string): Promise<Told> {
  const id = (await container.must(["con", "task", "-a", agent, text])).trim();
  const home = `/srv/con/agents/${agent}`;
  const record = await until(async () => {
    const found = await container.exec(["cat", `${home}/outbox/${id}.json`]);
    return found.code === 0 ? (JSON.parse(found.stdout) as Told["record"]) : null;
  }, `the end of ${id}`);
  const find = ["find", home, "-name", `${id}.jsonl`, "-exec", "cat", "{}", "+"];
  const journal = await container.must(find);
  const results = journal
    .split("\n")
    .filter((line) => line.includes('"kind":"tool-result"'))
    .map((line) => JSON.parse(line) as Told["results"][number]);
  return { id, record, results };
}

const ledger = (task: string): Promise<LedgerRow[]> => ledgerRows(container, task);

const sums = (rows: readonly LedgerRow[]) => ({
  input: rows.reduce((sum, row) => sum + row.input_tokens, 0),
  output: rows.reduce((sum, row) => sum + row.output_tokens, 0),
});

const post = `
import http from "node:http";
const body = JSON.stringify({ model: process.argv[1], messages: [{ role: "user", content: "x" }] });
const request = http.request({ socketPath: "/run/con/gateway.sock", method: "POST",
  path: "/v1/chat/completions", headers: { "content-type": "application/json" } }, (response) => {
  let text = "";
  response.on("data", (part) => { text += part; });
  response.on("end", () => console.log(response.statusCode, text));
});
request.end(body);`;

const asks = (agent: string, alias: string): Promise<string> =>
  container.must(["/usr/bin/node", "--input-type=module", "-e", post, alias], {
    user: `a-${agent}`,
  });

test("a role that nobody switched on says so, and how", async () => {
  await use("smart");
  const { results } = await ask("reader", "please advise");
  expect(results[0]?.text).toContain("alias adviser is builtin/reflex, which is no language model");
  expect(results[0]?.text).toContain("models.adviser of /etc/con/con.yaml");
});

test("the advice is on disk, and its call on the account of the task", async () => {
  await use("adviser");
  const { id, record, results } = await ask("reader", "please advise");
  expect(record.status).toBe("done");
  const file = /\[kept in (\S+)\]/.exec(results[0]?.text ?? "")?.[1] ?? "";
  expect(file).toMatch(/\/reader\/workspace\/reports\/\d{8}-\d{6}-\S+-advice\.md$/);
  expect(await container.must(["cat", file])).toContain("Stop guessing, measure.");
  const rows = await ledger(id);
  expect(rows.map(({ agent, alias }) => [agent, alias])).toEqual([
    ["reader", "smart"],
    ["reader", "adviser"],
    ["reader", "smart"],
  ]);
  expect(record.tokens).toEqual(sums(rows));
});

test("without the grant both layers refuse, and the grant opens both at once", async () => {
  const { id, results } = await ask("poor", "please advise");
  expect(results[0]?.denial?.how).toContain("can.models: [adviser]");
  expect((await ledger(id)).map(({ alias }) => alias)).toEqual(["smart", "smart"]);
  const refused = await asks("poor", "adviser");
  expect(refused).toMatch(/^404 /);
  expect(refused).toContain("can.models in its manifest does not list it");
  // Positive control: the same request by who may.
  expect(await asks("reader", "adviser")).toMatch(/^200 /);
  await container.must(["con", "agent", "grant", "poor", "--model", "adviser"]);
  expect(await asks("poor", "adviser")).toMatch(/^200 /);
  const granted = await ask("poor", "please advise");
  expect(granted.results[0]?.text).toContain("Stop guessing, measure.");
  await container.must(["con", "agent", "revoke", "poor", "--model", "adviser"]);
  expect(await asks("poor", "adviser")).toMatch(/^404 /);
  await container.must(["con", "agent", "grant", "poor", "--model", "adviser", "--for", "1s"]);
  await until(
    async () => ((await asks("poor", "adviser")).startsWith("404 ") ? true : null),
    "the end of the grant at the gateway",
  );
  expect((await ask("poor", "please advise")).results[0]).toMatchObject({
    denial: { code: "expired" },
  });
});

test("a long file is read to its end, beside others of which one is missing", async () => {
  // Its window stays as it is written.
  const analyst = "s|analyst: {use: .builtin/reflex.|analyst: {use: [scripted/scripted-1]|";
  await container.must(["sed", "-i", analyst, "/etc/con/con.yaml"]);
  await container.must(["con", "bootstrap"]);
  const workspace = "/srv/con/agents/reader/workspace";
  const log = `${"12:00 all is well, as it was before\n".repeat(8600)}12:01 KEY in the tail\n`;
  expect(log.length).toBeGreaterThan(300 * 1024);
  for (const [name, text] of [
    ["long.log", log],
    ["short.txt", "a short one\n"],
    ["drawing.svg", "<svg/>\n"],
    ["paper.pdf", pdf],
  ] as const)
    await container.copyIn(`${workspace}/${name}`, text, 0o600, "a-reader");
  const { id, record, results } = await ask("reader", "please read");
  const [{ text } = { text: "" }] = results;
  expect(text).toContain("The disk was full.");
  expect(text).toMatch(/- gone\.txt: not read: /);
  expect(text).toMatch(/paper\.pdf: text of a PDF, \d+ bytes/);
  const file = /The full report is kept in (\S+)\]/.exec(text)?.[1] ?? "";
  expect(await container.must(["cat", file])).toContain("# Report\nAll of it.");
  const asked = (await container.must(["cat", models])).split("\n");
  const final = asked.find((line) => line.includes("Notes on every portion")) ?? "";
  expect(final).toContain("noted: KEY in the tail");
  expect(final).toContain("json_schema");
  expect(asked.filter((line) => line.includes("a line of a PDF"))).toHaveLength(1);
  const rows = await ledger(id);
  expect(rows.filter(({ alias }) => alias === "analyst").length).toBeGreaterThan(8);
  expect(record.tokens).toEqual(sums(rows));
});
