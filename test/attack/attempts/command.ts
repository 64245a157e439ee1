/** Attempts that are a command line. */
import { type Attempt, attempt } from "../table.ts";

export const command = (
  short: Pick<Attempt, "name" | "loses" | "stops"> & { readonly from?: Attempt["from"] },
  script: string,
  control = script,
): Attempt =>
  attempt({
    // ENOSPC: a sandbox in which there may be no user namespace at all.
    refusals: ["EPERM", "EACCES", "EROFS", "ENOENT", "EINVAL", "ENOSPC"],
    ...short,
    deed: "command",
    with: () => ({ script }),
    control: { with: () => ({ script: control }) },
  });
