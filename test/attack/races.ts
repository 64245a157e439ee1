/** Programs that race with con, and naive ones that lose: run by Node, as somebody, for a bounded time. */

/** Keeps the descriptor of a task that it drops, and writes another text when the task was claimed. */
export const keepsWriting = `
  import fs from "node:fs";
  const [inbox, claimed, go, before] = process.argv.slice(1);
  const marked = before + "--- end " + Buffer.byteLength(before) + "\\n";
  const fd = fs.openSync(inbox + "/.kept", "w+", 0o640);
  fs.writeSync(fd, marked);
  fs.renameSync(inbox + "/.kept", inbox + "/kept.task");
  while (fs.existsSync(inbox + "/kept.task")) await new Promise((resolve) => setTimeout(resolve, 20));
  fs.writeSync(fd, before.replace("the-old-text", "the-new-text"), 0);
  const bytes = Buffer.alloc(1000);
  console.log(bytes.toString("utf8", 0, fs.readSync(fd, bytes, 0, 1000, 0)));`;

/** Makes one name a task and a link, again and again, for a time or until there is a file that says stop. */
export const swapsTask = `
  import fs from "node:fs";
  const [inbox, secret, text, name, ms, stop] = process.argv.slice(1);
  for (const end = Date.now() + Number(ms); Date.now() < end && !fs.existsSync(stop); ) {
    const path = inbox + "/" + name;
    fs.symlinkSync(secret, inbox + "/.link");
    fs.writeFileSync(inbox + "/.real", text, { mode: 0o640 });
    try { fs.renameSync(inbox + "/.real", path); fs.renameSync(inbox + "/.link", path); }
    finally { fs.rmSync(inbox + "/.link", { force: true }); fs.rmSync(inbox + "/.real", { force: true }); }
  }`;

/** Opens a name like any program, until it has read what the link leads to. */
export const readsNaively = `
  import fs from "node:fs";
  const [path] = process.argv.slice(1);
  for (let found = false; !found; ) {
    try { found = fs.readFileSync(path, "utf8").includes("the-private-text"); }
    catch (error) { if (!["ENOENT", "EACCES"].includes(error.code)) throw error; }
  }`;

/** Makes one name a folder and a link, likewise. What others have made there meanwhile may stand in the way. */
export const swapsFolder = `
  import fs from "node:fs";
  const [both, state, ms, stop] = process.argv.slice(1);
  const path = both + "/x";
  const attempt = (act) => { try { act(); } catch (error) { if (!error.code?.startsWith("E")) throw error; } };
  for (let n = 0, end = Date.now() + Number(ms); Date.now() < end && !fs.existsSync(stop); n += 1) {
    // What the colleague has made meanwhile may stand in the way.
    attempt(() => fs.mkdirSync(path, { mode: 0o777 }));
    attempt(() => fs.renameSync(path, both + "/aside-" + n));
    attempt(() => fs.symlinkSync(state, path));
    attempt(() => fs.unlinkSync(path));
    attempt(() => fs.rmSync(both + "/aside-" + n, { recursive: true, force: true }));
  }`;

/** Writes below a name like any program, until it has written where the link leads. */
export const writesNaively = `
  import fs from "node:fs";
  const [both, state] = process.argv.slice(1);
  while (!fs.existsSync(state + "/naive")) {
    try { fs.writeFileSync(both + "/x/naive", ""); }
    catch (error) { if (!["ENOENT", "EACCES"].includes(error.code)) throw error; }
  }`;
