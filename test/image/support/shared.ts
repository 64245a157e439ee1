/** The container that global-setup.ts booted, as a test file of the image project sees it. */
import { inject } from "vitest";
import { Container } from "./container.ts";

export function sharedContainer(): Container {
  return new Container(inject("container"));
}
