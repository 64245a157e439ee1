/**
 * The YAML package, to be loaded when it is needed: `await import("…/yaml-library.ts")`.
 *
 * The package is CommonJS. Imported dynamically by its own name it has no named exports in the bundle;
 * imported statically here it has.
 */
export { parse, parseDocument, YAMLError } from "yaml";
