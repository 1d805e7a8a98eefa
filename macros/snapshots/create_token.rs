/// Creates an enrollment token for an Android for Work profile.
#[derive(Debug, Clone)]
pub struct CreateToken {
    /// For how long it is good.
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
    const DECLARATION: &'static ::graph_action::__private::Declaration = &::graph_action::__private::Declaration {
        method: ::graph_action::__private::Method::POST,
        path: "/deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken",
        version: ::graph_action::__private::ApiVersion::Beta,
        permissions: ::graph_action::__private::scope(
            &["DeviceManagementConfiguration.ReadWrite.All"],
        ),
        is_idempotent: false,
    };
    type Response = ();
}
impl CreateToken {
    /**Prepares `POST /deviceManagement/androidForWorkEnrollmentProfiles/<id>/createToken`, version `beta`.

| caller | one of these permissions, least privileged first |
| --- | --- |
| delegated, work or school account | `DeviceManagementConfiguration.ReadWrite.All` |
| delegated, personal Microsoft account | not supported |
| application | `DeviceManagementConfiguration.ReadWrite.All` |*/
    pub fn request(
        &self,
        id: impl ::graph_action::__private::PathValue,
    ) -> ::graph_action::__private::Request<Self> {
        ::graph_action::__private::request(
            &[
                ::graph_action::__private::Part::Text(
                    "/deviceManagement/androidForWorkEnrollmentProfiles/",
                ),
                ::graph_action::__private::Part::Value("id", &id),
                ::graph_action::__private::Part::Text("/createToken"),
            ],
            ::graph_action::__private::Payload::json(self),
        )
    }
}
