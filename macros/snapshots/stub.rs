pub struct CreateToken {
    pub token_validity_in_seconds: i32,
}
#[automatically_derived]
impl ::graph_action::__private::Serialize for CreateToken {
    fn serialize<__S: ::graph_action::__private::Serializer>(
        &self,
        __serializer: __S,
    ) -> ::graph_action::__private::Serialized<__S> {
        ::graph_action::__private::properties(__serializer)
            .with("tokenValidityInSeconds", &self.token_validity_in_seconds)
            .end()
    }
}
#[automatically_derived]
impl ::graph_action::__private::Action for CreateToken {
    const DECLARATION: &'static ::graph_action::__private::Declaration = ::graph_action::__private::Declaration::UNKNOWN;
    type Response = Profile;
}
impl CreateToken {
    ///Stands in for a declaration that does not compile.
    pub fn request(
        &self,
        id: impl ::graph_action::__private::PathValue,
    ) -> ::graph_action::__private::Request<Self> {
        ::graph_action::__private::stub()
    }
}
::core::compile_error! {
    "`{id}`: a placeholder is written `<id>`"
}
::core::compile_error! {
    "say which permission opens the action: write `scope = \"User.Read.All\"`"
}
