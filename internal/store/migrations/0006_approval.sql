-- +goose Up
-- Approvals. body is the whole approval as JSON; the other columns repeat of it what is filtered by, or waited for.

create table generic_approval (
  id text not null primary key,
  type_key text not null,
  name_key text not null,
  description_key text,
  status_key text not null,
  priority_key text not null,
  medium_key text not null,
  search_key text not null,
  requester_id text,
  requestee_id text,
  approver_id text,
  approver_type text,
  next_due bigint,
  due bigint,
  decided bigint,
  completed bigint,
  created bigint not null,
  modified bigint not null,
  body text not null
);
create index generic_approval_status on generic_approval (status_key, id);
create index generic_approval_requester on generic_approval (requester_id, id);
create index generic_approval_requestee on generic_approval (requestee_id, id);
create index generic_approval_next_due on generic_approval (next_due) where next_due is not null;
-- approver_id is who decides now, null when nobody has to any more.
create index generic_approval_approver on generic_approval (approver_type, approver_id) where approver_id is not null;

-- What an approval names, by role: the approvers whose turn it is or was, those who have decided, targets and references.
create table generic_approval_part (
  approval_id text not null references generic_approval (id) on delete cascade,
  role text not null,
  object_id text not null,
  type_key text,
  name_key text,
  request_type_key text
);
create index generic_approval_part_approval on generic_approval_part (approval_id);
create index generic_approval_part_object on generic_approval_part (role, object_id);

create table approval_config (
  scope text not null,
  object_id text not null,
  body text not null,
  primary key (scope, object_id)
);

-- E-mails that wait to be sent, and for a while those that were. event tells apart what an approval writes of.
create table mail (
  id text not null primary key,
  kind text not null,
  approval_id text not null references generic_approval (id) on delete cascade,
  event text not null,
  recipient_id text not null,
  state text not null,
  attempts int not null,
  next_try bigint not null,
  last_error text,
  created bigint not null,
  modified bigint not null
);
create unique index mail_once on mail (approval_id, event, recipient_id);
create index mail_waiting on mail (next_try) where state = 'waiting';
create index mail_old on mail (modified);
