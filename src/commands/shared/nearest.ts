/** Which known word was probably meant. */
export { nearest } from "../../config/nearest.ts";
