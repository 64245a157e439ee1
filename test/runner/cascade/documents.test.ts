import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Cascade } from "../../../src/config/types.ts";
import {
  agentWith,
  answerOf,
  at,
  countingModel,
  deskWith,
  looksOf,
  off,
  taskOf,
  useDesk,
} from "../support/cascade-desk.ts";

useDesk();

describe("documents", () => {
  const documented: Cascade = {
    ...off,
    documents: { paths: [], answer: 0.85, augment: 0.6 },
  };
  const settings = (): Cascade => ({
    ...documented,
    documents: { paths: [at.handbook], answer: 0.85, augment: 0.6 },
  });
  const write = (text: string): void => fs.writeFileSync(path.join(at.handbook, "keys.md"), text);
  const faq =
    "# Keys\n\n## Who keeps the key of the server room?\n\nAda keeps it, in the red box.\n";
  const asked = "Who keeps the key of the server room?";

  it("answer a trusted person and name the source", async () => {
    write(faq);
    const { model, requests } = countingModel();
    const task = taskOf(asked);
    const outcome = await deskWith(settings(), model)(task);
    expect(answerOf(outcome)).toBe(
      `Ada keeps it, in the red box.\n\nSource: ${at.handbook}/keys.md, "${asked}"`,
    );
    expect(looksOf(task)).toEqual(["documents hit"]);
    expect(requests).toEqual([]);
  });

  it("go along with a stranger's question: the model decides what may be said", async () => {
    write(faq);
    const { model, requests } = countingModel();
    const task = taskOf(asked, 1000);
    await deskWith(settings(), model)(task);
    expect(looksOf(task)).toEqual(["documents passed"]);
    expect(requests[0]?.messages[1]?.content).toContain("Ada keeps it");
  });

  it("are read anew when they change, and gone when they are gone or out of reach", async () => {
    write(faq);
    const { model } = countingModel();
    const give = deskWith(settings(), model);
    await give(taskOf(asked));
    write(faq.replace("Ada", "Grace Hopper"));
    expect(answerOf(await give(taskOf(asked)))).toContain("Grace Hopper keeps it");
    const secret = path.join(at.root, "secret.md");
    fs.writeFileSync(secret, faq.replace("Ada", "Mallory"));
    fs.rmSync(path.join(at.handbook, "keys.md"));
    fs.symlinkSync(secret, path.join(at.handbook, "keys.md"));
    const after = taskOf(asked);
    await give(after);
    expect(looksOf(after)).toEqual(["documents miss"]);
    write(faq);
    const can = { ...agentWith(null).can, read: [] };
    const revoked = taskOf(asked);
    await deskWith(settings(), model, { agent: agentWith(settings(), { can }) })(revoked);
    expect(looksOf(revoked)).toEqual(["documents miss"]);
  });
});

describe("the rule engine", () => {
  it("takes a question that it surely knows, and leaves the rest", async () => {
    const { model, requests } = countingModel();
    const give = deskWith({ ...off, reflex: true }, model);
    const sure = taskOf("which agents are running?");
    expect(await give(sure)).toMatchObject({ kind: "done", tally: { model: "builtin/reflex" } });
    expect(looksOf(sure)).toEqual(["reflex hit"]);
    expect(requests).toEqual([]);
    for (const text of ["hello", "help", "run `id`", "Scheduled run: do your periodic work."])
      await give(taskOf(text));
    expect(requests).toHaveLength(4);
  });
});

describe("which model", () => {
  const routed: Cascade = {
    ...off,
    route: { fast: "fast", balanced: "smart", strong: "expert" },
  };

  it("is chosen by the words of the task, within the grants of that moment", async () => {
    const { model, requests } = countingModel();
    const give = deskWith(routed, model);
    await give(taskOf("What is the capital of France?"));
    await give(taskOf("Compare these three plans and explain which is best"));
    await give(taskOf("Refactor the parser and fix its bug"));
    const can = { ...agentWith(null).can, models: [] };
    await deskWith(routed, model, { agent: agentWith(routed, { can }) })(taskOf("Is water wet?"));
    expect(requests.map((request) => request.model)).toEqual(["fast", "smart", "expert", "smart"]);
  });
});
