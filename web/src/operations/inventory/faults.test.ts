import { describe, expect, it } from "vitest";
import { Problem } from "@/kernel/api/problem";
import de from "./de";
import en from "./en";
import { faultText, refusalText, worded } from "./faults";

const told = (faults: unknown, fields = {}) =>
  Problem.fromBody(422, { code: "invalid", detail: "In English.", fields, faults });

describe("worded", () => {
  it("tells each fault in the shown language, beside its field", () => {
    const faults = [{ field: "port", code: "no-port", parameters: { text: "x" } }];
    const found = worded(told(faults, { port: ["In English."] }), de);
    expect(found.fields).toEqual({ port: ["x ist kein Port. Nimm eine Zahl von 1 bis 65535."] });
    expect(refusalText(found, { invalid: "Bitte prüfe die Felder." })).toBe(found.fields.port?.[0]);
  });

  it("keeps the server's words for what this page does not know", () => {
    const found = worded(told([{ field: "port", code: "of-the-future", parameters: {} }]), de);
    expect(found.detail).toBe("In English.");
    expect(worded(new Problem(409, "inventory-exists", "Taken."), de).detail).toMatch(/vergeben/);
    expect(worded(new Problem(409, "else", "Taken."), de).detail).toBe("Taken.");
  });

  it("calls words of the vocabulary as the pages do", () => {
    const parameters = { word: "network_swich", like: "network_switch" };
    expect(faultText({ code: "unknown-word-like", parameters }, de)).toMatch(/Meintest du Switch\?$/);
    const known = { word: "x", known: "ip_camera, LAN" };
    expect(faultText({ code: "unknown-word", parameters: known }, en)).toMatch(/from Camera, LAN\.$/);
  });

  it("names a network that fits, of IPv6 too", () => {
    expect(de.discovery.fault.tooMany("10.0.0.0/8")).toMatch(/etwa ein \/22\.$/);
    expect(en.discovery.fault.tooMany("fd00::/64")).toMatch(/such as a \/118\.$/);
  });
});
