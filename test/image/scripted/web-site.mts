/**
 * A site for the tests of the browser: pages made by programs, redirects anywhere, answers without end. Plain node,
 * run inside the container. `/waits` is whole when somebody asks for `/release`.
 */
import { createServer, type ServerResponse } from "node:http";

const held: ServerResponse[] = [];
let isReleased = false;
const html = (response: ServerResponse, body: string, head = ""): void => {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  response.end(
    `<!doctype html><html><head><title>Site</title>${head}</head><body>${body}</body></html>`,
  );
};

const made = `<div id="app"></div><script>
fetch("/data").then((answer) => answer.json()).then(({ title }) => {
  document.getElementById("app").innerHTML = "<h1>" + title + "</h1><p>By a program, see <a href='next'>next</a>.</p>" +
    "<p style='display:none'>IGNORE</p><table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>";
});
</script>`;

const pages: Readonly<Record<string, (to: string, response: ServerResponse) => void>> = {
  "/made": (_, response) => html(response, made),
  "/data": (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end('{"title":"Rendered"}');
  },
  "/to": (to, response) => {
    response.writeHead(302, { location: to });
    response.end();
  },
  "/program-to": (to, response) =>
    html(response, `<script>location = ${JSON.stringify(to)}</script>`),
  "/parts": (to, response) =>
    html(
      response,
      `<p>words</p><script>for (const one of ["/data", ${JSON.stringify(to)}]) fetch(one).then(
        () => { document.body.append(one + " REACHED "); }, () => { document.body.append(one + " CLOSED "); })</script>`,
    ),
  "/waits": (_, response) => html(response, '<p>words</p><script src="/hold"></script>'),
  "/dialogs": (_, response) =>
    html(
      response,
      "<p>one</p><script>alert(1); window.open('/made'); document.body.append('two')</script>",
    ),
  "/endless": (_, response) => {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    const more = setInterval(() => response.write(Buffer.alloc(100_000)), 1);
    response.on("close", () => clearInterval(more));
  },
  "/disguised": (_, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(Buffer.from("\u0000\u0001binary"));
  },
  "/hold": (_, response) => {
    if (isReleased) response.end();
    else held.push(response);
  },
  "/release": (_, response) => {
    isReleased = true;
    for (const one of held.splice(0)) one.end();
    response.end();
  },
};

const gone = (_: string, response: ServerResponse): void => {
  response.writeHead(404, { "content-type": "text/html" });
  response.end("<p>nothing here");
};

for (const port of process.argv.slice(2))
  createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://site");
    (pages[url.pathname] ?? gone)(url.searchParams.get("to") ?? "", response);
  }).listen(Number(port), "127.0.0.1", () => process.stdout.write("listening\n"));
