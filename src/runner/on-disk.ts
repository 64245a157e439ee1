/** Writes of tools to the agent's own state: a full or failing disk puts the task off, as a journal that fails does. */
import { JournalTrouble } from "../agent/run.ts";
import { isDiskTrouble } from "../system/disk.ts";
import { reasonOf } from "../system/errors.ts";

/** Throws `JournalTrouble` for a full or failing disk. */
export function onDisk(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!isDiskTrouble(error)) throw error;
    throw new JournalTrouble(`its state cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}
