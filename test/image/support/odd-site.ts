/**
 * Starts the site of scripted/odd-site.mts in a container, with certificates made there: one that is right, one that has
 * expired, one for another name (of an authority that the browser is told to trust), and one signed by itself.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../scripted/model.ts";
import { type Container, repository } from "./container.ts";

const place = "/run/odd-site";
const node = "/usr/lib/con/node/bin/node";
export const plainSite = "http://127.0.0.1:8092";

/** For con.yaml; the engines of web.search need no exception of their own. */
export const allowed = [8092, 8443, 8444, 8445, 8446].map((port) => `"127.0.0.1/32:${port}"`);

const certificates = `set -e
mkdir -p ${place} && cd ${place}
new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc'
openssl req -x509 $new -keyout ca.key -out ca.pem -subj /CN=odd -days 2
of() { openssl req -x509 -CA ca.pem -CAkey ca.key $new -keyout $1.key -out $1.pem -subj /CN=$2 -addext subjectAltName=DNS:$2 $3 $4 $5 $6; }
of search search.test -days 2
of expired expired.test -not_before 20200101000000Z -not_after 20200102000000Z
of other elsewhere.test -days 2
openssl req -x509 $new -keyout self.key -out self.pem -subj /CN=self.test -addext subjectAltName=DNS:self.test -days 2
touch /etc/hosts && cp /etc/hosts hosts
for name in search expired other self; do echo "127.0.0.1 $name.test" >>/etc/hosts; done
mkdir -p /run/systemd/system/con-browser@.service.d
printf '[Service]\\nEnvironment=NODE_EXTRA_CA_CERTS=${place}/ca.pem\\n' >/run/systemd/system/con-browser@.service.d/odd-site.conf
systemctl daemon-reload`;

/** One page that says this. */
const pdf = (text: string): string => {
  const content = `BT /F1 18 Tf 72 700 Td (${text}) Tj ET`;
  const parts = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    `<</Length ${content.length}>>stream\n${content}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ];
  const body = parts.map((part, index) => `${index + 1} 0 obj${part}endobj\n`).join("");
  return `%PDF-1.4\n${body}trailer<</Size 6/Root 1 0 R>>\n%%EOF\n`;
};

/** `key` is what its engine /brave wants. */
export async function startOddSite(container: Container, key: string): Promise<void> {
  await container.must(["/bin/sh", "-c", certificates]);
  await container.copyIn(`${place}/key`, key);
  await container.copyIn(`${place}/document.pdf`, pdf("Words of a document"));
  const source = readFileSync(join(repository, "test/image/scripted/odd-site.mts"));
  await container.copyIn(`${place}/site.mts`, source);
  const argv = [node, `${place}/site.mts`, place];
  await container.must(["systemd-run", "--quiet", "--unit=odd-site", ...argv]);
  await until(async () => {
    const found = await container.exec(["curl", "-s", `${plainSite}/seen`]);
    return found.code === 0 ? true : null;
  }, "the odd site");
}

export async function stopOddSite(container: Container): Promise<void> {
  const script = `systemctl stop odd-site; cat ${place}/hosts >/etc/hosts; rm -rf ${place} /run/systemd/system/con-browser@.service.d/odd-site.conf
systemctl daemon-reload`;
  await container.must(["/bin/sh", "-c", script]);
}
