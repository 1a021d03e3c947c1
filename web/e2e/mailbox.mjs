// A mail server that keeps what it is given (RFC 5321, as much as one client needs).
import { once } from "node:events";
import { createServer } from "node:net";

/** Listens on loopback; `next()` answers the following message's text, quoted-printable and base64 undone. */
export async function startMailbox() {
  const messages = [];
  const waiting = [];
  const deliver = (text) => (waiting.length > 0 ? waiting.shift()(text) : messages.push(text));
  const server = createServer((socket) => {
    let data = null;
    let rest = "";
    socket.setEncoding("latin1").write("220 mailbox\r\n");
    socket.on("error", () => {});
    socket.on("data", (part) => {
      const lines = (rest + part).split("\r\n");
      rest = lines.pop();
      for (const line of lines) {
        if (data && line === ".") {
          deliver(decode(data.join("\n")));
          data = null;
          socket.write("250 kept\r\n");
        } else if (data) {
          data.push(line.replace(/^\.\./, "."));
        } else if (/^data$/i.test(line)) {
          data = [];
          socket.write("354 go on\r\n");
        } else if (/^quit$/i.test(line)) {
          socket.end("221 bye\r\n");
        } else {
          socket.write("250 ok\r\n");
        }
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const next = () => (messages.length > 0 ? messages.shift() : new Promise((resolve) => waiting.push(resolve)));
  return { port: server.address().port, next, stop: () => server.close() };
}

function decode(message) {
  const [head, ...body] = message.split("\n\n");
  const text = body.join("\n\n");
  if (/transfer-encoding: base64/i.test(head)) return Buffer.from(text, "base64").toString("utf8");
  const plain = text.replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, "latin1").toString("utf8");
}
