import { Alert, Button, Modal } from "@mantine/core";
import { Command } from "../ui/copy";

/** A secret that is told only this once. */
export interface Secret {
  title: string;
  what: string;
  text: string;
  more: string;
}

/** Shows a secret. It closes by its buttons only: it cannot be had again. */
export function SecretDialog({ secret, onClose }: { secret: Secret; onClose(): void }) {
  return (
    <Modal opened onClose={onClose} title={secret.title} closeOnClickOutside={false} closeOnEscape={false} closeButtonProps={{ "aria-label": "Close" }}>
      <div className="stackv">
        <Alert color="yellow" variant="light">This is shown only now. Copy it before you close this.</Alert>
        <Command text={secret.text} what={secret.what} />
        <p className="quiet small">{secret.more}</p>
        <div className="row end"><Button onClick={onClose}>I have it</Button></div>
      </div>
    </Modal>
  );
}
