import { afterAll, beforeAll, expect, test } from "vitest";
import { bootContainer, type Container, type Reserved } from "./support/container.ts";
import { startProvider, useProvider } from "./support/scripted.ts";

const secret = "sk-live-7f3a9c1e5b2d8f4a6c0e9b7d";
const port = 18080;

let own: Reserved;
let container: Container;

/** The answer of the gateway to the user who asks, as `STATUS BODY`. */
const caller = `
import http from "node:http";
const [path, body] = process.argv.slice(1);
const request = http.request({ socketPath: "/run/con/gateway.sock", path, method: body ? "POST" : "GET" },
  (response) => { process.stdout.write(response.statusCode + " "); response.pipe(process.stdout); });
request.on("error", (error) => { console.log(error.code); });
request.end(body);
`;

const call = (user: string, path: string, body = ""): Promise<string> =>
  container.must(["/usr/bin/node", "--input-type=module", "-e", caller, path, body], { user });

beforeAll(async () => {
  own = await bootContainer();
  container = own.container;
  const script = [
    { when: "spend", turns: [{ text: "It is done." }] },
    { when: "fail", turns: [{ status: 401, message: "refused", echo_key: true }] },
  ];
  await startProvider(container, { name: "scripted", port, script, log: "/run/requests.jsonl" });
  await container.must(["con", "credential", "set", "scripted"], { input: secret });
  await useProvider(container, port);
});
afterAll(() => own[Symbol.asyncDispose]());

test("a task is answered by the provider, with the key that only the gateway holds", async () => {
  const answer = await container.must(["con", "task", "--wait=60", "please spend"]);
  expect(answer).toContain("It is done.");
  const requests = await container.must(["cat", "/run/requests.jsonl"]);
  expect(requests).toContain(`Bearer ${secret}`);
});

test("the gateway knows its caller by uid: an agent may call, a stranger may not", async () => {
  expect(await call("a-concierge", "/v1/models")).toMatch(/^200 .*smart/);
  expect(await call("nobody", "/v1/models")).toMatch(/^403 /);
  const body = JSON.stringify({ model: "smart", messages: [{ role: "user", content: "spend" }] });
  expect(await call("nobody", "/v1/chat/completions", body)).toMatch(/^403 /);
  expect(await call("a-concierge", "/v1/chat/completions", body)).toMatch(/^200 .*It is done/);
});

test("a refused key fails the task with a readable answer that names the remedy", async () => {
  const found = await container.exec(["con", "task", "--wait=60", "please fail"]);
  expect(found.code).toBe(1);
  expect(found.stdout + found.stderr).toMatch(/con credential/);
  expect(found.stdout + found.stderr).not.toContain(secret);
});

/** Looks for the key everywhere that the user may read; the needle comes by standard input. */
const hunt = `read -r needle
  # Nobody may list /srv/con/agents and what is right below it, so the folders in it are named.
  folders=()
  for name in $(getent passwd | sed -n 's/^a-\\([^:]*\\):.*/\\1/p'); do
    folders+=("/srv/con/agents/$name/"{inbox,outbox,processed,queue,state,workspace,tools,archive})
  done
  grep -rslF --devices=skip --exclude=requests.jsonl -e "$needle" \\
    /etc /run /srv /var /tmp /usr/share /home "\${folders[@]}" 2>/dev/null
  for process in /proc/[0-9]*; do
    for file in environ cmdline; do
      tr '\\0' '\\n' 2>/dev/null <"$process/$file" | grep -qF -e "$needle" && echo "$process/$file"
    done
  done
  exit 0`;

test("no agent finds the key, and nothing shows it in journal, argv or environment", async () => {
  const planted = "/srv/con/agents/concierge/workspace/planted";
  await container.copyIn(planted, secret, 0o644, "a-concierge");
  await container.must(["systemctl", "start", "con-gateway.service"]);
  const hunted = ["/bin/bash", "-c", hunt];
  const found = await container.must(hunted, { user: "a-concierge", input: `${secret}\n` });
  // The planted copy shows that the hunt can find something.
  expect(found.trim().split("\n")).toEqual([planted]);
  await container.must(["rm", planted]);
  const journal = await container.must(["journalctl", "--no-pager", "-o", "cat"]);
  expect(journal).toContain("con");
  expect(journal).not.toContain(secret);
  const asRoot = await container.must([
    "/bin/bash",
    "-c",
    "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; true",
  ]);
  expect(asRoot).not.toContain(secret);
});

test("the ledger names the caller by uid and holds neither key nor text", async () => {
  const query = `
    import { createRequire } from "node:module";
    const Database = createRequire("/usr/lib/con/con.mjs")("better-sqlite3");
    const [path] = process.argv.slice(1);
    console.log(JSON.stringify(new Database(path, { readonly: true }).prepare("SELECT * FROM calls").all()));`;
  const files = await container.must(["find", "/srv/con/logs/ledger", "-name", "*.db"]);
  const rows = await container.must([
    ...["/usr/bin/node", "--input-type=module", "-e", query, files.trim()],
  ]);
  const calls = JSON.parse(rows) as { agent: string; model: string; status: number }[];
  expect(calls).toContainEqual(
    expect.objectContaining({ agent: "concierge", model: "scripted/scripted-1", status: 200 }),
  );
  expect(rows).not.toContain(secret);
  expect(rows).not.toContain("please spend");
  expect((await container.exec(["cat", files.trim()], { user: "a-concierge" })).code).not.toBe(0);
});

test("without calls the gateway is gone, and its socket waits", async () => {
  await container.must(["systemctl", "stop", "con-gateway.service"]);
  const state = await container.must(["systemctl", "is-active", "con-gateway.socket"]);
  expect(state.trim()).toBe("active");
  expect(await call("a-concierge", "/v1/models")).toMatch(/^200 /);
});
