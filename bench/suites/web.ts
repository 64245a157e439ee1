/** A small page, as it comes and rendered, against curl and a bare Chromium. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../../test/image/support/container.ts";
import type { BootedSuite } from "../suite.ts";
import { addAgent, type Call, callRows } from "./tools.ts";

const site = "http://127.0.0.1:8090";
const allow = '\\nweb: {allow: ["127.0.0.1:8090"]}\\n';

const fetch = (path: string, mode: string): Call["call"] => ({
  name: "fetch_webpage",
  arguments: { url: `${site}${path}?%n`, mode },
});

/** As root it has no sandbox of its own: less work than what it is compared with. */
const chromium = [
  ...["/usr/lib/chromium/chromium", "--headless", "--no-sandbox", "--disable-gpu"],
  ...["--virtual-time-budget=1000", "--dump-dom", `${site}/made`],
];

const calls: readonly Call[] = [
  {
    figure: "`fetch_webpage`, `raw`: a small file",
    call: fetch("/data", "raw"),
    expect: "200",
    floor: { argv: ["curl", "--silent", "--fail", `${site}/data`] },
    floorName: "curl",
  },
  {
    figure: "`fetch_webpage`, `rendered`: a page made by a program → Markdown",
    call: fetch("/made", "rendered"),
    expect: "# Rendered",
    floor: { argv: chromium },
    isSlow: true,
    floorName: "bare `chromium --headless --dump-dom` of the same page",
  },
];

export const web: BootedSuite = {
  profile: "web",
  about: "The site is on loopback, so that no network is measured.",
  async measure(world) {
    const { container } = world;
    const source = readFileSync(join(repository, "test/image/scripted/web-site.mts"));
    await container.copyIn("/run/bench/site.mts", source);
    await container.must([
      ...["systemd-run", "--quiet", "--unit=bench-site"],
      ...["/usr/bin/node", "/run/bench/site.mts", "8090", "8091"],
    ]);
    await container.must(["/bin/sh", "-ec", 'printf "$1" >>/etc/con/con.yaml', "sh", allow]);
    await addAgent(world, "can: {tools: [web, list_files]}");
    const up = ["--retry-connrefused", "--retry", "20", "--retry-delay", "1"];
    await container.must(["curl", "--silent", "--fail", ...up, `${site}/data`]);
    return { rows: await callRows(world, calls) };
  },
};
