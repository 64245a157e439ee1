/** What the installer says in one line, for root and for people. */
export class InstallFailure extends Error {}
