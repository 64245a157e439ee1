/** Before the tests of a mutation run: a property that sets no number of its own runs this often. */
import fc from "fast-check";

fc.configureGlobal({ numRuns: 30 });
