// Sends a file with tus-js-client and tells on standard output how far it is; goes on where it was broken off.
import { createReadStream, statSync } from "node:fs";
import { createRequire } from "node:module";

const [web, endpoint, authorization, path, name] = process.argv.slice(2);
const { Upload } = createRequire(`${web}/`)("tus-js-client");

const upload = new Upload(createReadStream(path), {
  endpoint,
  headers: { authorization },
  metadata: { filename: name },
  uploadSize: statSync(path).size,
  chunkSize: 2 << 20,
  retryDelays: Array(120).fill(500),
  onChunkComplete: (_size, accepted) => console.log(JSON.stringify({ accepted })),
  onError: (error) => {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess: () => console.log(JSON.stringify({ url: upload.url })),
});
upload.start();
