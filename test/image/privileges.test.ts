/** Nothing in the image changes to another user or gains a capability for whoever starts it. */
import { expect, test } from "vitest";
import { sharedContainer } from "./support/shared.ts";

const container = sharedContainer();

const privileged = ["find", "/", "-ignore_readdir_race", "-xdev", "-type", "f", "-perm", "/6000"];

test("no program has a set-user-id or set-group-id bit, or a file capability", async () => {
  expect(await container.must(privileged)).toBe("");
  expect(await container.must(["getcap", "-r", "/usr", "/etc", "/var"])).toBe("");
});

test("both would be found", async () => {
  const copy = "/var/tmp/privileged";
  await container.must(["cp", "/usr/bin/true", copy]);
  try {
    await container.must(["chmod", "4755", copy]);
    expect(await container.must(privileged)).toBe(`${copy}\n`);
    await container.must(["setcap", "cap_net_raw+ep", copy]);
    expect(await container.must(["getcap", "-r", "/var/tmp"])).toContain(copy);
  } finally {
    await container.must(["rm", copy]);
  }
});

test("dpkg knows it, so that an upgrade does not bring a bit back", async () => {
  const overrides = await container.must(["dpkg-statoverride", "--list"]);
  for (const program of ["su", "mount", "umount", "passwd", "newgrp"]) {
    expect(overrides).toContain(`root root 755 /usr/bin/${program}\n`);
  }
});

test("root still mounts, changes user and speaks to the bus", async () => {
  await container.must(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
  await container.must(["umount", "/mnt"]);
  expect(await container.must(["su", "-s", "/bin/sh", "nobody", "-c", "id -un"])).toBe("nobody\n");
  expect(await container.must(["systemctl", "is-active", "dbus.service"])).toBe("active\n");
});

test("the data volume runs no such program and no device", async () => {
  const options = await container.must([
    "findmnt",
    "--noheadings",
    "--output",
    "VFS-OPTIONS",
    "/srv/con",
  ]);
  expect(options).toMatch(/\bnosuid\b/);
  expect(options).toMatch(/\bnodev\b/);
});

test("units of agents can gain no privilege", async () => {
  for (const unit of ["con@concierge", "con-upkeep@concierge"]) {
    const shown = await container.must([
      "systemctl",
      "show",
      "-p",
      "NoNewPrivileges",
      `${unit}.service`,
    ]);
    expect(shown.trim()).toBe("NoNewPrivileges=yes");
  }
});
