/** The part of @npmcli/arborist that is used; it brings no types. */
declare module "@npmcli/arborist" {
  export interface ArboristNode {
    readonly isRoot: boolean;
    readonly isLink: boolean;
    readonly name: string;
    readonly version: string;
    readonly packageName: string | null;
    readonly location: string;
    readonly resolved: string | null;
    readonly integrity: string | null;
  }
  export default class Arborist {
    constructor(options: Readonly<Record<string, unknown>>);
    buildIdealTree(): Promise<{ readonly inventory: ReadonlyMap<string, ArboristNode> }>;
    reify(): Promise<unknown>;
  }
}
