/** Reading of a list of parts (build/sbom.ts), as much as the checks need. */
import { debianProblems, npmProblem } from "./policy.ts";

export interface Bill {
  readonly components: readonly BillComponent[];
}

export interface BillComponent {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly {
    readonly license?: { readonly name: string };
    readonly expression?: string;
  }[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

export const isDebian = ({ purl }: BillComponent): boolean => purl.startsWith("pkg:deb/");

export const licencesOf = ({ licenses = [] }: BillComponent): string[] =>
  licenses.map(({ license, expression }) => expression ?? license?.name ?? "");

/** Empty where all that is in the image may be. */
export function billProblems({ components }: Bill): string[] {
  return components.flatMap((one) => {
    if (isDebian(one)) {
      const section = one.properties?.find(({ name }) => name === "debian:section")?.value ?? "";
      return debianProblems(one.name, section, licencesOf(one));
    }
    return licencesOf(one).flatMap((licence) => npmProblem(one.name, licence, true) ?? []);
  });
}
