import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  at,
  cached,
  countingModel,
  database,
  deskWith,
  looksOf,
  question,
  taskOf,
  useDesk,
} from "../support/cascade-desk.ts";

useDesk();

describe("the file", () => {
  it("is not there, and no line is, where every layer is off", async () => {
    const { model } = countingModel();
    const task = taskOf(question);
    await deskWith(null, model)(task);
    expect(looksOf(task)).toEqual([]);
    expect(fs.existsSync(database())).toBe(false);
  });

  it("is set aside when it is damaged, and the task goes on", async () => {
    fs.writeFileSync(database(), "this is no database, and never was one ".repeat(100));
    const { model, requests } = countingModel();
    const give = deskWith(cached, model);
    await give(taskOf(question));
    expect(await give(taskOf(question))).toMatchObject({ tally: { model: "cache/exact" } });
    expect(requests).toHaveLength(1);
    expect(fs.existsSync(`${database()}.damaged`)).toBe(true);
  });

  const damaged = async (give: ReturnType<typeof deskWith>): Promise<void> => {
    for (let n = 0; n < 40; n += 1)
      await give(
        taskOf(
          `Which ${"long ".repeat(100)} river has the letter ${String.fromCharCode(97 + (n % 26))} ${n}?`,
        ),
      );
    const bytes = fs.readFileSync(database());
    fs.writeFileSync(database(), bytes.fill(0x55, 4096 * 2));
  };

  it("fails no task when it can neither be read nor set aside", async () => {
    const give = deskWith(cached, countingModel().model);
    await damaged(give);
    fs.mkdirSync(`${database()}.damaged`);
    const task = taskOf("Which long river is the longest one?");
    expect(await give(task)).toMatchObject({ kind: "done" });
    expect(looksOf(task)).toContain("semantic skipped");
  });

  it("is set aside when the damage shows only as it is read", async () => {
    const { model } = countingModel();
    const give = deskWith(cached, model);
    await damaged(give);
    const task = taskOf("Which long river is the longest one?");
    expect(await give(task)).toMatchObject({ kind: "done" });
    expect(looksOf(task)).toContain("semantic skipped");
    const again = taskOf("Which long river is the longest one?");
    await give(again);
    expect(looksOf(again)).toEqual(["exact hit"]);
    expect(fs.existsSync(`${database()}.damaged`)).toBe(true);
  });

  it("is never followed through a link", async () => {
    const target = path.join(at.root, "target");
    fs.writeFileSync(target, "");
    fs.symlinkSync(target, database());
    const { model } = countingModel();
    const task = taskOf(question);
    expect(await deskWith(cached, model)(task)).toMatchObject({ kind: "done" });
    expect(looksOf(task)).toEqual(["exact skipped", "semantic skipped"]);
    expect(fs.readFileSync(target, "utf8")).toBe("");
  });
});
