export type Anchor = Element | { x: number; y: number };

const GAP = 4;
const EDGE = 8;

/** Places an open popover at its anchor, flipped or shifted so that it stays on screen. */
export function place(popup: HTMLElement, anchor: Anchor): void {
  if (matchMedia("(max-width: 720px)").matches && popup.getAttribute("role") === "menu") return;
  const box =
    anchor instanceof Element ? anchor.getBoundingClientRect() : new DOMRect(anchor.x, anchor.y, 0, -GAP);
  const { offsetWidth: width, offsetHeight: height } = popup;
  const { clientWidth, clientHeight } = document.documentElement;
  const below = box.bottom + GAP;
  const above = box.top - GAP - height;
  const top = below + height <= clientHeight - EDGE || above < EDGE ? below : above;
  const rightAligned = box.left + width > clientWidth - EDGE && box.width > 0;
  const left = rightAligned ? box.right - width : box.left;
  popup.style.top = `${Math.max(EDGE, Math.min(top, clientHeight - height - EDGE))}px`;
  popup.style.left = `${Math.max(EDGE, Math.min(left, clientWidth - width - EDGE))}px`;
}
