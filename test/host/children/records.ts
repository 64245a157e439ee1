/** Records of temporary agents for tests, as the steward writes them. */
import type { Child, ChildOrder, Place, Spawn } from "../../../src/host/children/types.ts";

export const order = (of: Partial<ChildOrder> = {}): ChildOrder => ({
  role: "helper",
  goal: "do it",
  findings: null,
  can: {},
  share: {},
  usd: null,
  tokens: null,
  ...of,
});

export const child = (name: string, uid: number, of: Partial<Child> = {}): Child => ({
  name,
  uid,
  attempt: 1,
  task: `task-of-${name}`,
  started: true,
  ...of,
});

export const place = (of: Partial<Place> = {}): Place => ({
  order: order(),
  child: null,
  firstError: null,
  result: null,
  ...of,
});

export const spawn = (of: Partial<Spawn> = {}): Spawn => ({
  version: 1,
  id: "20270131T090000Z-aaaaaaaa",
  by: 20_001,
  parent: "boss",
  task: "20270131T085900Z-bbbbbbbb",
  depth: 1,
  thread: null,
  hops: 0,
  via: [],
  at: "2027-01-31T09:00:00.000Z",
  deadline: "2027-01-31T10:00:00.000Z",
  places: [],
  ...of,
});
