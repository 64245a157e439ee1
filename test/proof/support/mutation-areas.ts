/** What `make proof PARTS=mutation` changes on purpose, and which tests have to notice. Pure. */

export interface Area {
  readonly name: string;
  /** Files of src, as globs from the repository's root. */
  readonly mutate: readonly string[];
  /** Only tests that need no process of their own: each is run many hundred times. */
  readonly tests: readonly string[];
}

export const areas: readonly Area[] = [
  {
    name: "task",
    mutate: ["src/task/*.ts", "!src/task/yaml-library.ts"],
    tests: ["test/task/**/*.test.ts", "test/fuzz/mended.test.ts"],
  },
  {
    name: "plan",
    mutate: ["src/host/plan.ts", "src/host/plan/*.ts"],
    tests: ["test/host/plan.test.ts", "test/host/plan/*.test.ts"],
  },
  {
    name: "spool",
    mutate: ["src/spool/*.ts"],
    tests: [
      "test/spool/{claim,crash,deliver,forgotten,held-crash}.test.ts",
      "test/spool/{answers,answers-back,attempts,cancel,control,defer,entry,held}.test.ts",
      "test/spool/{notes,question,queued,recover,recover-settled,refused,reply}.test.ts",
      "test/spool/{scan,scan-order,sending,settle,taken,tidy,too-old}.test.ts",
      "test/spool/{wait-note,woken,writing}.test.ts",
    ],
  },
  {
    name: "policy",
    mutate: [
      "src/config/{grants,authority,cascade}.ts",
      "src/runner/policy.ts",
      "src/gateway/{allow,budget,reserve}.ts",
      "src/steward/{amounts,authority,bounds,ceiling,policy}.ts",
    ],
    tests: [
      "test/config/{authority,cascade,cascade-child,cascade-layers}.test.ts",
      "test/config/{child,grant-lists,grants,parse}.test.ts",
      "test/runner/{policy,policy-window}.test.ts",
      "test/gateway/{allow-words,budget,budget-asks,reserve}.test.ts",
      "test/steward/{approvals,authority,ceiling,ceiling-had,ceiling-parts}.test.ts",
      "test/steward/{policy,request,too-much}.test.ts",
    ],
  },
];

/** The environment variable by which the area's name reaches the tests' settings. */
export const areaVariable = "CON_MUTATION_AREA";
