// happy-dom knows no top layer; these stand-ins keep the open state, which is all unit tests look at.
const shown = new WeakSet<Element>();

HTMLDialogElement.prototype.showModal ??= function showModal() {
  this.open = true;
};
HTMLElement.prototype.showPopover ??= function showPopover() {
  shown.add(this);
};
HTMLElement.prototype.hidePopover ??= function hidePopover() {
  shown.delete(this);
};

export {};
