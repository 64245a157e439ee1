/**
 * Which parts the proof has to have, as the issue lists them, so that docs/proof.md can say what is missing. A part
 * that is not listed here is shown after these.
 */

export interface Planned {
  readonly name: string;
  /** What it is to show, for as long as there is nothing else to say about it. */
  readonly asks: string;
}

export const planned: readonly Planned[] = [
  { name: "crash", asks: "every operation is cut after every disk operation in every way" },
  { name: "queue", asks: "sequences of senders, crashes, floods and clock jumps against a model" },
  { name: "fuzz", asks: "at least 1,000,000 inputs for each reader of what others wrote" },
  { name: "power", asks: "a virtual machine is killed at random moments, at least 20 times" },
  { name: "flood", asks: "10,000 tasks over 20 agents, exact accounting at the end" },
  { name: "soak", asks: "30 minutes of mixed load with random kill -9 of every process of con" },
  { name: "attack", asks: "a hostile agent and a hostile sender, each attempt with a control" },
  { name: "supply", asks: "pins, advisories, licences, list of parts" },
  {
    name: "mutation",
    asks: "at least 80 % of the changes made to the code on purpose are noticed",
  },
];
