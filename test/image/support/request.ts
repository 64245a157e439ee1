/** Requests to the steward as any program may drop them, also one that was taken over. */
import { randomUUID } from "node:crypto";
import { until } from "../scripted/model.ts";
import type { Container } from "./container.ts";

const steward = "/srv/con/steward";

/** One as the product makes them: a UUID that says it is of version 7. */
export const newId = (): string => randomUUID().replace(/^(.{14})4/, "$17");

/** As the steward's own library does it: any other second name makes the request odd. */
export async function putRequest(
  container: Container,
  id: string,
  text: string,
  user?: string,
): Promise<void> {
  const path = `${steward}/inbox/.${id}.json.tmp-0123456789abcdef`;
  await container.copyIn(path, text, 0o600, user);
  const script = `ln ${path} ${steward}/inbox/${id}.json && rm ${path}`;
  await container.must(["/bin/sh", "-c", script], user === undefined ? {} : { user });
}

/** Returns its id. */
export async function dropRequest(
  container: Container,
  request: object,
  user?: string,
): Promise<string> {
  const id = newId();
  const text = JSON.stringify({ version: 1, why: "", incident: null, ...request });
  await putRequest(container, id, text, user);
  return id;
}

/** The steward's answer, once it is there. */
export const answerOf = <T>(container: Container, id: string): Promise<T> =>
  until(async () => {
    const { code, stdout } = await container.exec(["cat", `${steward}/outbox/${id}.json`]);
    return code === 0 ? (JSON.parse(stdout) as T) : null;
  }, `the answer to ${id}`);
