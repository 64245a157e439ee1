/** A query of a database in the workspace, against a bare Node process that makes the same one. */
import type { BootedSuite } from "../suite.ts";
import { addAgent, type Call, callRows } from "./tools.ts";

const path = "/srv/con/agents/bench/workspace/bench.db";
const query = "SELECT count(*) AS n, max(s) AS s FROM t WHERE id % 7 = 3";
const library = `const Database = require("module").createRequire("/usr/lib/con/con.mjs")("better-sqlite3");`;
const fill = `${library}
const db = new Database(${JSON.stringify(path)});
db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)");
const insert = db.prepare("INSERT INTO t VALUES (?, ?)");
db.transaction(() => { for (let n = 1; n <= 10000; n += 1) insert.run(n, "row " + n); })();`;
const ask = `${library}
console.log(JSON.stringify(new Database(${JSON.stringify(path)}, { readonly: true })
  .prepare(${JSON.stringify(query)}).all()));`;

const calls: readonly Call[] = [
  {
    figure: "`sql`: a query over 10,000 rows, in the sandbox",
    call: { name: "sql", arguments: { db: "bench.db", sql: `${query} -- %n` } },
    expect: "1429",
    floor: { argv: ["/usr/bin/node", "-e", ask] },
    floorName: "the same query by a bare `node` with better-sqlite3",
  },
];

export const data: BootedSuite = {
  profile: "default",
  about: "",
  async measure(world) {
    await addAgent(world, "can: {tools: [sql, list_files]}");
    await world.container.must(["/usr/bin/node", "-e", fill], { user: "a-bench" });
    return { rows: await callRows(world, calls) };
  },
};
