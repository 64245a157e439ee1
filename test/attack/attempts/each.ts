/** Several deeds at one place. */
import { type Attempt, attempt, everywhere, path } from "../table.ts";

type Way = "list" | "read" | "append" | "create" | "open" | "remove";

const words: Readonly<Record<Way, string>> = {
  list: "list",
  read: "read",
  append: "write to",
  create: "create in",
  open: "open",
  remove: "remove",
};

/** From everywhere, because owners and modes have to hold alone too. */
export const each = (
  place: string,
  ways: readonly Way[],
  loss: Pick<Attempt, "loses" | "stops">,
): Attempt[] =>
  ways.map((deed) =>
    attempt({
      name: `${words[deed]} ${place}`,
      ...loss,
      deed,
      with: path(place),
      from: everywhere,
    }),
  );

export const privates = {
  loses: "another agent's privacy",
  stops: "owner and mode 0700; mounts",
} as const;
