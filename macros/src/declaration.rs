//! `Declaration`: does what was written fit together?

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::{
    Attribute, Data, DeriveInput, Field, Fields, GenericArgument, Ident, LitStr, Path,
    PathArguments, Type, parse_quote,
};

use crate::args::{ActionArgs, ScopeList, Version};
use crate::errors::{Errors, is_nearly};
use crate::field::{ParamField, Placement, is_named};
use crate::path::{PathTemplate, Position};
use crate::returns;
use crate::serde_attrs::SerdeContainer;

/// A declaration that is right: whatever stands here can be expanded.
pub(crate) struct Declaration<'a> {
    pub(crate) outline: Outline<'a>,
    pub(crate) method: Method,
    pub(crate) template: PathTemplate,
    pub(crate) version: Version,
    pub(crate) permissions: Permissions,
    pub(crate) idempotent: bool,
    pub(crate) body: Body,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) returns: Type,
}

/// A declaration with mistakes, and what is known of it all the same.
pub(crate) struct Mistaken<'a> {
    pub(crate) outline: Outline<'a>,
    pub(crate) arguments: Option<Vec<Argument>>,
    pub(crate) returns: Option<Type>,
    pub(crate) errors: Vec<syn::Error>,
}

/// What an action and the stub of a wrong one have in common.
pub(crate) struct Outline<'a> {
    pub(crate) item: &'a DeriveInput,
    pub(crate) serde: SerdeContainer,
    pub(crate) fields: Vec<ParamField<'a>>,
    pub(crate) krate: Path,
}

/// What `request` takes for a placeholder without a field.
pub(crate) type Argument = (Ident, Position);

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

impl<'a> Declaration<'a> {
    pub(crate) fn new(
        args: ActionArgs,
        item: &'a DeriveInput,
        mut errors: Errors,
    ) -> Result<Self, Box<Mistaken<'a>>> {
        let line = args.line.as_ref().map(|(_, line)| line);
        let template = line
            .map(|line| PathTemplate::parse(line, &mut errors))
            .unwrap_or_default();
        // Where the line is not understood nobody knows what the fields are for.
        let is_readable = line.is_some() && template.is_right;
        let method = method(&args, &mut errors);
        let permissions = permissions(&args, &mut errors);
        for attribute in &item.attrs {
            if is_graph_action(attribute) {
                errors.at(
                    attribute,
                    "a struct is one action: leave out one of the two `#[graph_action]`",
                );
            } else if attribute.path().is_ident("graph") {
                errors.at(
                    attribute,
                    "`#[graph(...)]` says the place of one field: write it above that field",
                );
            }
        }
        let serde = SerdeContainer::new(item, &mut errors);
        let mut is_guess = line.is_none() || template.is_guess;
        let placeholders = if template.is_right {
            placeholders(line, &template, item, &mut is_guess, &mut errors)
        } else {
            let placeholders = template.placeholders();
            placeholders
                .map(|(name, position)| (name.to_owned(), position))
                .collect()
        };
        let fields = fields(item, &placeholders, &mut errors);
        check_places(method, &fields, &mut errors);
        let arguments = arguments(line, &placeholders, &fields, method);
        let idempotent = idempotent(&args, method, &mut errors);
        let body = if is_readable {
            body(method, item, &fields, &mut errors)
        } else {
            Body::None
        };
        let is_returns_known = !args.has("returns") && !args.has_unknown_key;
        let nothing = || is_returns_known.then(|| parse_quote!(()));
        let is_quoted = args.is_returns_quoted;
        let returns = args.returns.filter(|ty| {
            if is_quoted {
                return !matches!(ty, Type::Tuple(_));
            }
            let checked = returns::check(ty, &template.line);
            checked.map_err(|error| errors.push(error)).is_ok()
        });
        let returns = returns.or_else(nothing);
        let outline = Outline {
            item,
            serde,
            fields,
            krate: args.krate.unwrap_or_else(|| parse_quote!(::graph_action)),
        };
        match (errors.finish(), returns) {
            (errors, Some(returns)) if errors.is_empty() => Ok(Self {
                outline,
                method,
                template,
                version: args.version.unwrap_or(Version::V1),
                permissions,
                idempotent,
                body,
                arguments,
                returns,
            }),
            (errors, returns) => Err(Box::new(Mistaken {
                outline,
                arguments: Some(arguments).filter(|_| !is_guess),
                returns,
                errors,
            })),
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

/// The attributes of an item and of its fields.
pub(crate) fn attributes(item: &DeriveInput) -> impl Iterator<Item = &Attribute> {
    let fields = match &item.data {
        Data::Struct(data) => Some(&data.fields),
        Data::Enum(_) | Data::Union(_) => None,
    };
    let of_fields = fields.into_iter().flatten().flat_map(|field| &field.attrs);
    item.attrs.iter().chain(of_fields)
}

/// The method; any one after an error.
fn method(args: &ActionArgs, errors: &mut Errors) -> Method {
    if args.is_empty() && errors.is_empty() {
        errors.push(syn::Error::new(
            Span::call_site(),
            "say what to call, and which permission opens it: write `#[graph_action(get = \"/users/<id>\", \
             scope = \"User.Read.All\")]`",
        ));
    } else if !args.is_empty() && !args.has_method() && !args.has_unknown_key {
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
        _ if args.has_unknown_key || args.is_empty() => {}
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

/// The placeholders; one that is nearly the name of a field is, after an error, that field's.
fn placeholders(
    line: Option<&LitStr>,
    template: &PathTemplate,
    item: &DeriveInput,
    is_guess: &mut bool,
    errors: &mut Errors,
) -> Vec<(String, Position)> {
    let fields: Vec<String> = match &item.data {
        Data::Struct(data) => {
            // One with a place of its own is meant to be no placeholder.
            let has_place = |field: &&Field| {
                let mut attributes = field.attrs.iter();
                attributes.any(|attribute| attribute.path().is_ident("graph"))
            };
            let fields = data.fields.iter().filter(|field| !has_place(field));
            let idents = fields.filter_map(|field| field.ident.as_ref());
            idents.map(|ident| ident.unraw().to_string()).collect()
        }
        Data::Enum(_) | Data::Union(_) => Vec::new(),
    };
    let is_taken = |field: &str| template.placeholders().any(|(name, _)| name == field);
    let mut placeholders = Vec::new();
    for (name, position) in template.placeholders() {
        let mut near = fields
            .iter()
            .filter(|field| is_nearly(name, field) && !is_taken(field));
        let near = near
            .next()
            .filter(|_| !fields.iter().any(|field| field == name));
        if let Some(field) = near {
            *is_guess = true;
            errors.at(
                line,
                format!(
                    "`<{name}>` takes its value from a field of the same name, and there is `{field}`: write \
                     `<{field}>`, or give the two names that differ by more"
                ),
            );
        }
        let name = near.map_or(name, String::as_str).to_owned();
        placeholders.push((name, position));
    }
    placeholders
}

fn fields<'a>(
    item: &'a DeriveInput,
    placeholders: &[(String, Position)],
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
                .filter_map(|field| ParamField::new(field, placeholders, errors))
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
    for param in fields {
        let ParamField {
            field,
            ident,
            placement,
        } = param;
        let name = ident.unraw();
        if method.has_body() && param.is_property() && param.lacks_spelling() {
            errors.at(
                ident,
                format!(
                    "`{name}` has no spelling in camelCase: say `#[serde(rename = \"...\")]` of it"
                ),
            );
        }
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
        let is_placeholder =
            matches!(placement, Placement::Placeholder(position) if *position != Position::Alias);
        if is_float(&field.ty) && (is_placeholder || matches!(placement, Placement::Header(_))) {
            errors.at(
                &field.ty,
                format!(
                    "a float can be written in more than one way, and `{name}` is sent as it is written: make it an \
                     integer, or a `String`"
                ),
            );
        }
        let is_one = is_placeholder && always.is_some();
        if let Some(why) = always.filter(|_| is_named(&field.ty, "Option")) {
            errors.at(&field.ty, format!("{why}: the field cannot be an `Option`"));
        }
        if is_one && is_collection(&field.ty) {
            errors.at(
                &field.ty,
                format!(
                    "`<{name}>` stands for one value: make the field one, as in `{name}: String`; several can stand \
                     in a query or among the arguments of a function"
                ),
            );
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
    line: Option<&LitStr>,
    placeholders: &[(String, Position)],
    fields: &[ParamField<'_>],
    method: Method,
) -> Vec<Argument> {
    let span = line.map_or_else(Span::call_site, LitStr::span);
    let span = Span::mixed_site().located_at(span);
    let is_field = |name: &str| fields.iter().any(|field| field.ident.unraw() == name);
    let placeholders = placeholders.iter().filter(|(name, _)| !is_field(name));
    placeholders
        .map(|(name, position)| {
            let position = method.position(*position);
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

/// Whether a type is a float, or holds some.
fn is_float(ty: &Type) -> bool {
    if is_named(ty, "f32") || is_named(ty, "f64") {
        return true;
    }
    match ty {
        Type::Reference(reference) => is_float(&reference.elem),
        Type::Slice(slice) => is_float(&slice.elem),
        Type::Array(array) => is_float(&array.elem),
        Type::Path(path) if is_named(ty, "Option") || is_named(ty, "Vec") => {
            let last = path.path.segments.last();
            match last.map(|last| &last.arguments) {
                Some(PathArguments::AngleBracketed(arguments)) => {
                    let mut arguments = arguments.args.iter();
                    arguments.any(|ty| matches!(ty, GenericArgument::Type(ty) if is_float(ty)))
                }
                _ => false,
            }
        }
        _ => false,
    }
}

fn is_collection(ty: &Type) -> bool {
    let names = [
        "Vec", "VecDeque", "HashSet", "BTreeSet", "HashMap", "BTreeMap",
    ];
    match ty {
        Type::Array(_) | Type::Slice(_) | Type::Tuple(_) => true,
        Type::Reference(reference) => is_collection(&reference.elem),
        _ => names.iter().any(|name| is_named(ty, name)),
    }
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
