/** What a place of a record says about its child: to be there, to go, or to be made. Pure. */
import type { Child, Place } from "./types.ts";

/** A first attempt that failed goes before the second one comes. */
const isOver = ({ child, firstError, result }: Place): boolean =>
  result !== null || (child?.attempt === 1 && firstError !== null);

/** The child that is to be there, made or being made; null where none is. */
export const wantedChild = (place: Place): Child | null => (isOver(place) ? null : place.child);

/** The child that is still there and has to go. */
export const leavingChild = (place: Place): Child | null => (isOver(place) ? place.child : null);

/** Which attempt has to be made now; null where none has. */
export function missingAttempt({ child, firstError, result }: Place): number | null {
  if (result !== null || child !== null) return null;
  return firstError === null ? 1 : 2;
}
