-- +goose Up
-- What people hold of Midgard's own entitlements: by a grant, or by the rule that every member of a governance group does.

create table entitlement_holding (
  entitlement_id text not null references entitlement (id) on delete cascade,
  identity_id text not null references identity (id) on delete cascade,
  granted_by text not null,
  created bigint not null,
  primary key (entitlement_id, identity_id)
);
create index entitlement_holding_identity on entitlement_holding (identity_id, entitlement_id);

create table entitlement_rule (
  entitlement_id text not null references entitlement (id) on delete cascade,
  workgroup_id text not null references workgroup (id),
  granted_by text not null,
  created bigint not null,
  primary key (entitlement_id, workgroup_id)
);
create index entitlement_rule_workgroup on entitlement_rule (workgroup_id, entitlement_id);
