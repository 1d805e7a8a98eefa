//! `Declaration`: does what was written fit together?

use darling::FromAttributes;
use proc_macro2::Span;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Data, DeriveInput, Fields, Ident, LitStr, Meta, Path, Token, Type, parse_quote,
};

use crate::args::{ActionArgs, ScopeList, Version};
use crate::errors::Errors;
use crate::field::{ParamField, Placement, is_named};
use crate::path::{PathTemplate, Position};

/// A declaration that is right: whatever stands here can be expanded.
pub(crate) struct Declaration<'a> {
    pub(crate) outline: Outline<'a>,
    pub(crate) method: Method,
    pub(crate) template: PathTemplate,
    pub(crate) version: Version,
    pub(crate) permissions: Permissions,
    pub(crate) idempotent: bool,
    pub(crate) body: Body,
}

/// A declaration with mistakes.
pub(crate) struct Mistaken<'a> {
    pub(crate) outline: Outline<'a>,
    pub(crate) error: syn::Error,
}

/// What uses of the struct elsewhere depend on, and so what the stub of a wrong declaration needs.
pub(crate) struct Outline<'a> {
    pub(crate) item: &'a DeriveInput,
    pub(crate) serde: SerdeContainer,
    pub(crate) fields: Vec<ParamField<'a>>,
    /// What `request` takes: the placeholders without a field.
    pub(crate) arguments: Vec<(Ident, Position)>,
    pub(crate) returns: Type,
    pub(crate) krate: Path,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// The permissions by kind of caller, least privileged first; none where it is not supported.
pub(crate) struct Permissions {
    pub(crate) delegated: Vec<LitStr>,
    pub(crate) personal: Vec<LitStr>,
    pub(crate) application: Vec<LitStr>,
}

pub(crate) enum Body {
    None,
    /// The properties, as JSON.
    Properties,
    /// The field of this name, as JSON or, with a content type, as it is.
    Field(Ident, Option<LitStr>),
}

/// What the user says to serde about the struct, as far as the macro says it too.
#[derive(Default, FromAttributes)]
#[darling(attributes(serde), allow_unknown_fields, default)]
pub(crate) struct SerdeContainer {
    /// The user's own derive of `Serialize`.
    #[darling(skip)]
    pub(crate) serialize: Option<Path>,
    pub(crate) rename_all: Option<Meta>,
    #[darling(rename = "crate")]
    pub(crate) krate: Option<Meta>,
}

impl<'a> Declaration<'a> {
    pub(crate) fn new(
        args: ActionArgs,
        item: &'a DeriveInput,
        mut errors: Errors,
    ) -> Result<Self, Box<Mistaken<'a>>> {
        let template = args
            .line
            .as_ref()
            .map(|(_, line)| PathTemplate::parse(line, &mut errors))
            .unwrap_or_default();
        // Where the line is not understood nobody knows what the fields are for.
        let is_readable = args.line.is_some() && template.is_right;
        let method = method(&args, &mut errors);
        let permissions = permissions(&args, &mut errors);
        for attribute in item
            .attrs
            .iter()
            .filter(|attribute| is_graph_action(attribute))
        {
            errors.at(
                attribute,
                "a struct is one action: leave out one of the two `#[graph_action]`",
            );
        }
        let serde = SerdeContainer::new(&item.attrs, &mut errors);
        let fields = fields(item, &template, &mut errors);
        check_places(method, &fields, &mut errors);
        let arguments = arguments(&args, &template, &fields, method);
        let idempotent = idempotent(&args, method, &mut errors);
        let body = if is_readable {
            body(method, item, &fields, &mut errors)
        } else {
            Body::None
        };
        let outline = Outline {
            item,
            serde,
            fields,
            arguments,
            returns: args.returns.unwrap_or_else(|| parse_quote!(())),
            krate: args.krate.unwrap_or_else(|| parse_quote!(::graph_action)),
        };
        match errors.finish() {
            Some(error) => Err(Box::new(Mistaken { outline, error })),
            None => Ok(Self {
                outline,
                method,
                template,
                version: args.version.unwrap_or(Version::V1),
                permissions,
                idempotent,
                body,
            }),
        }
    }
}

impl Method {
    /// As it stands in a request.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }

    /// What stands in parentheses: the arguments of a function, which is read, or the keys of a resource,
    /// which are always there.
    pub(crate) fn has_arguments(self) -> bool {
        self == Self::Get
    }

    /// Where a placeholder stands in a call of this method.
    fn position(self, position: Position) -> Position {
        match position {
            Position::Argument if !self.has_arguments() => Position::Path,
            position => position,
        }
    }
}

/// Whether an attribute is this macro once more.
pub(crate) fn is_graph_action(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| last.ident == "graph_action")
}

impl SerdeContainer {
    fn new(attributes: &[Attribute], errors: &mut Errors) -> Self {
        // A mistake in a serde attribute is serde's to report.
        let mut serde = Self::from_attributes(attributes).unwrap_or_default();
        serde.serialize = attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("derive"))
            .filter_map(|attribute| {
                attribute
                    .parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
                    .ok()
            })
            .flatten()
            .find(|path| {
                let path = path.to_token_stream().to_string().replace(' ', "");
                matches!(
                    path.trim_start_matches("::"),
                    "Serialize" | "serde::Serialize"
                )
            });
        if let Some(path) = &serde.serialize {
            errors.at(
                path,
                "`#[graph_action]` derives `Serialize` itself: leave it out here",
            );
        }
        if let Some(meta) = &serde.rename_all {
            errors.at(
                meta,
                "`#[graph_action]` spells the fields in camelCase, as Graph does: leave this out, and write \
                 `#[serde(rename = \"...\")]` on a field that is spelled in another way",
            );
        }
        if let Some(meta) = &serde.krate {
            errors.at(
                meta,
                "`#[graph_action]` tells serde where it is: leave this out, and write \
                 `crate = ::path` in `#[graph_action(...)]` where the runtime crate is renamed",
            );
        }
        serde
    }
}

/// The method; any one after an error.
fn method(args: &ActionArgs, errors: &mut Errors) -> Method {
    if !args.has_method() && !args.has_unknown_key {
        errors.push(syn::Error::new(
            Span::call_site(),
            "say what to call: write `get = \"/users/<id>\"`, or `post`, `put`, `patch`, `delete`",
        ));
    }
    let key = args.line.as_ref().map(|(key, _)| key.to_string());
    match key.as_deref() {
        Some("post") => Method::Post,
        Some("put") => Method::Put,
        Some("patch") => Method::Patch,
        Some("delete") => Method::Delete,
        _ => Method::Get,
    }
}

fn permissions(args: &ActionArgs, errors: &mut Errors) -> Permissions {
    let missing = ["delegated", "application"]
        .into_iter()
        .find(|key| !args.has(key));
    match (&args.scope, missing) {
        _ if args.has_unknown_key => {}
        (None, Some("delegated")) if !args.has("scope") && !args.has("application") => errors.push(syn::Error::new(
            Span::call_site(),
            "say which permission opens the action: write `scope = \"User.Read.All\"`",
        )),
        (None, Some(missing)) if !args.has("scope") => errors.push(syn::Error::new(
            Span::call_site(),
            format!(
                "say which permission the other callers need: write `{missing} = \"User.Read.All\"`, or \
                 `{missing} = []` if they are not supported"
            ),
        )),
        (Some(scope), None) => errors.at(
            &scope.key,
            "`delegated` and `application` say it all: leave out `scope`, or one of the two",
        ),
        _ => {}
    }
    let of = |own: &Option<ScopeList>, shared: &Option<ScopeList>| -> Vec<LitStr> {
        let list = own.as_ref().or(shared.as_ref());
        list.map(|list| list.names.clone()).unwrap_or_default()
    };
    let permissions = Permissions {
        delegated: of(&args.delegated, &args.scope),
        personal: of(&args.personal, &None),
        application: of(&args.application, &args.scope),
    };
    if let (Some(delegated), Some(application)) = (&args.delegated, &args.application)
        && delegated.names.is_empty()
        && application.names.is_empty()
        && !args.has("scope")
        && permissions.personal.is_empty()
    {
        errors.at(
            &application.key,
            "nobody is left who may call: name a permission for one kind of caller",
        );
    }
    permissions
}

fn fields<'a>(
    item: &'a DeriveInput,
    template: &PathTemplate,
    errors: &mut Errors,
) -> Vec<ParamField<'a>> {
    match &item.data {
        Data::Struct(data) => {
            if let Fields::Unnamed(unnamed) = &data.fields {
                errors.at(
                    unnamed,
                    "the fields need names, which Graph's properties take theirs from: write `{ name: Type }`",
                );
            }
            data.fields
                .iter()
                .filter_map(|field| ParamField::new(field, template, errors))
                .collect()
        }
        Data::Enum(data) => {
            errors.at(data.enum_token, NOT_A_STRUCT);
            Vec::new()
        }
        Data::Union(data) => {
            errors.at(data.union_token, NOT_A_STRUCT);
            Vec::new()
        }
    }
}

pub(crate) const NOT_A_STRUCT: &str =
    "`#[graph_action]` goes on the struct that holds the parameters: write `struct`";

fn check_places(method: Method, fields: &[ParamField<'_>], errors: &mut Errors) {
    let mut headers: Vec<String> = Vec::new();
    for ParamField {
        field,
        ident,
        placement,
    } in fields
    {
        let name = ident.unraw();
        let always = match placement {
            Placement::Property | Placement::Skipped => None,
            Placement::Placeholder(position) => match method.position(*position) {
                Position::Argument | Position::Pair => None,
                Position::Path | Position::Alias => Some(format!("`<{name}>` always has a value")),
            },
            Placement::Body(_) => Some(format!("`{name}` is the body, which always has a value")),
            Placement::Header(header) => {
                let header_name = header.value().to_ascii_lowercase();
                if headers.contains(&header_name) {
                    errors.at(
                        header,
                        format!(
                            "the header `{}` has a field already: leave out one of the two",
                            header.value()
                        ),
                    );
                }
                headers.push(header_name);
                None
            }
        };
        if let Some(why) = always.filter(|_| is_named(&field.ty, "Option")) {
            errors.at(&field.ty, format!("{why}: the field cannot be an `Option`"));
        }
        let cfg = field
            .attrs
            .iter()
            .find(|attribute| attribute.path().is_ident("cfg"));
        if let Some(cfg) = cfg
            && !matches!(placement, Placement::Property | Placement::Skipped)
        {
            errors.at(
                cfg,
                format!(
                    "`{name}` has a place in every call: put the `#[cfg]` on the struct, and declare another for \
                     the other case"
                ),
            );
        }
    }
}

fn arguments(
    args: &ActionArgs,
    template: &PathTemplate,
    fields: &[ParamField<'_>],
    method: Method,
) -> Vec<(Ident, Position)> {
    let Some((_, line)) = &args.line else {
        return Vec::new();
    };
    let span = Span::mixed_site().located_at(line.span());
    let is_field = |name: &str| fields.iter().any(|field| field.ident.unraw() == name);
    let placeholders = template.placeholders().filter(|(name, _)| !is_field(name));
    placeholders
        .map(|(name, position)| {
            let position = method.position(position);
            let is_keyword = syn::parse_str::<Ident>(name).is_err() || name == "gen";
            let ident = if is_keyword {
                Ident::new_raw
            } else {
                Ident::new
            };
            (ident(name, span), position)
        })
        .collect()
}

fn idempotent(args: &ActionArgs, method: Method, errors: &mut Errors) -> bool {
    let is_by_itself = !matches!(method, Method::Post | Method::Patch);
    if let (Some(key), true, true) = (&args.idempotent, is_by_itself, args.line.is_some()) {
        errors.at(
            key,
            format!(
                "a {} is idempotent by itself: leave this out",
                method.name()
            ),
        );
    }
    is_by_itself || args.idempotent.is_some()
}

fn body(
    method: Method,
    item: &DeriveInput,
    fields: &[ParamField<'_>],
    errors: &mut Errors,
) -> Body {
    let is_braced =
        matches!(&item.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)));
    let mut whole = None;
    for ParamField {
        ident, placement, ..
    } in fields
    {
        let name = ident.unraw();
        match placement {
            Placement::Placeholder(_) | Placement::Header(_) | Placement::Skipped => {}
            Placement::Body(_) | Placement::Property if !method.has_body() => errors.at(
                ident,
                format!(
                    "a {} sends no body, so `{name}` goes nowhere: put `<{name}>` into the request line, or leave \
                     the field out",
                    method.name()
                ),
            ),
            Placement::Body(content_type) => match whole {
                None => whole = Some((*ident, content_type)),
                Some((first, _)) => errors.at(
                    ident,
                    format!("`{first}` is the whole body already: leave out one of the two `#[graph(body)]`"),
                ),
            },
            Placement::Property => {}
        }
    }
    let mut properties = fields.iter().filter(|field| field.is_property());
    match (whole, properties.next()) {
        (Some((whole, _)), Some(property)) if method.has_body() => {
            let name = property.ident.unraw();
            errors.at(
                property.ident,
                format!(
                    "`{whole}` is the whole body, so `{name}` goes nowhere: put it into that type, or leave out \
                     `#[graph(body)]`"
                ),
            );
            Body::None
        }
        (Some((ident, content_type)), _) => Body::Field(ident.clone(), content_type.clone()),
        (None, None) if !method.has_body() || !is_braced || !fields.is_empty() => Body::None,
        (None, _) => Body::Properties,
    }
}
